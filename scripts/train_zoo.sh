#!/usr/bin/env bash
# Train, measure and publish the presets of tfgvae/zoo, one after the other.
#
#     TFDS_DATA_DIR=DIR scripts/train_zoo.sh            # all
#     TFDS_DATA_DIR=DIR scripts/train_zoo.sh vae-mnist  # some
#     scripts/train_zoo.sh --list
#
# It can be stopped at any time: the same command goes on. Runs are in $RUNS (runs/zoo), presets in
# $OUTPUT (tfgvae/zoo). A preset that is there already is left alone. Afterwards
# scripts/zoo_pictures.py and scripts/zoo_page.py write the pages of the site.
set -euo pipefail
cd "$(dirname "$0")/.."
RUNS=${RUNS:-runs/zoo}
OUTPUT=${OUTPUT:-tfgvae/zoo}
PYTHON=${PYTHON:-python}


# NAME | flags of train.run | metrics | flags of train.evaluate | headline | description
table() {
  cat <<'END'
seqvae-digits|--model=seqvae|log_likelihood,reconstruction,mutual_information,sharpness||log_likelihood.log_likelihood|A sequential VAE of four steps that draws handwritten digits of 8x8 pixels. Each step improves the image of the step before.
infusion-digits|--model=infusion --config.mapping.dense=(128,128)|log_likelihood,reconstruction||log_likelihood.log_likelihood|A chain of ten steps that turns noise into handwritten digits of 8x8 pixels. It is trained by infusion (Bordes et al. 2017).
mmd-digits|--model=gvae --dataset=digits --config.regularizer.weight=1000 --config.model.latent_dim=8 --steps=3000|log_likelihood,reconstruction,mutual_information||log_likelihood.log_likelihood|A VAE of handwritten digits of 8x8 pixels whose regularizer is the maximum mean discrepancy. Samples from its prior look like digits, and so do those of its Gibbs chain.
prior-digits|--model=vae --dataset=digits --config.regularizer.name=none --config.model.latent_dim=8 --config.mapping.width=16 --config.inference.width=16 --config.family.name=bernoulli --config.data.binarize=dynamic --steps=3000|log_likelihood,reconstruction,frechet||log_likelihood.log_likelihood|A VAE of binary handwritten digits of 8x8 pixels that was trained without a regularizer. Its prior is a mixture of Gaussians that was fitted to its codes afterwards.
conditional-digits|--model=vae --dataset=digits --config.label_condition --config.family.name=bernoulli --config.data.binarize=dynamic --config.model.latent_dim=8 --config.mapping.width=16 --config.inference.width=16 --config.train.learning_rate=2e-3 --steps=3000|log_likelihood,reconstruction||log_likelihood.log_likelihood|A VAE of binary handwritten digits of 8x8 pixels that is told which digit to draw. The latents hold the handwriting.
fixedq-digits|--model=fixedq --dataset=digits --config.inference.checkpoint=@RUNS@/digits.keras --config.train.learning_rate=2e-3 --batch_size=64 --config.family.name=pixelcnn --config.family.num_blocks=3 --config.family.filters=32 --config.family.features=16|log_likelihood,reconstruction||log_likelihood.log_likelihood|A PixelCNN of binary digits of 8x8 pixels whose latent is the class that a fixed classifier sees. It shows Eq. 5 of the paper: q is given, and only f is trained.
vae-mnist|--model=vae --dataset=mnist --config.data.binarize=dynamic --config.objective.name=iwae --config.objective.num_samples=5 --steps=20000 --batch_size=100 --config.train.schedule=cosine --config.train.warmup_steps=200 --config.train.learning_rate=1.5e-3 --config.train.checkpoint_every=1000|log_likelihood,reconstruction,mutual_information,active_units||log_likelihood.log_likelihood|A VAE of binary handwritten digits of 28x28 pixels, with independent pixels given 32 latents, trained with the importance-weighted bound of five draws. It is the usual model to compare others with.
vae2d-mnist|--model=vae2d|log_likelihood,reconstruction||log_likelihood.log_likelihood|The VAE of Figure 2 of the paper: two latents, and a Gaussian of the grey pixels of MNIST. Its plane of latents can be drawn, and its images are blurred.
seqvae-mnist|--model=seqvae --dataset=mnist --config.data.binarize=dynamic --config.family.name=bernoulli --steps=13000 --batch_size=100 --config.model.num_steps=3 --config.model.latent_dim=10 --config.model.width=8 --config.model.kernel_size=3 --config.model.dense=(256,) --config.model.anneal_steps=1500 --config.regularizer.schedule_steps=1500 --config.train.checkpoint_every=1000|log_likelihood,reconstruction,by_step||log_likelihood.log_likelihood|A sequential VAE of three steps that draws binary handwritten digits of 28x28 pixels. Each step improves the image of the step before.
seqvae-cifar10|--model=seqvae --dataset=cifar10 --steps=4000 --batch_size=64 --config.model.num_steps=3 --config.model.latent_dim=24 --config.model.width=8 --config.model.dense=(32,) --config.model.kernel_size=3 --config.model.combine=add --config.family.scale=0.1 --config.model.anneal_steps=1500 --config.regularizer.schedule_steps=1500 --config.train.checkpoint_every=500|log_likelihood,reconstruction,sharpness|--num_images=300|log_likelihood.log_likelihood|A sequential VAE of three steps of colour images of 32x32 pixels, trained on a subset of CIFAR-10. Its samples are blurred.
pixelcnn-mnist|--model=pixelcnn|log_likelihood|--num_images=1000|log_likelihood.log_likelihood|A gated PixelCNN of binary handwritten digits of 28x28 pixels, without a latent. It is the P of the PixelVAEs alone, and its likelihood is exact.
pixelvae-mnist|--model=pixelvae --config.mapping.width=16|log_likelihood,reconstruction|--num_images=1000|log_likelihood.log_likelihood|A PixelVAE of binary handwritten digits of 28x28 pixels: a gated PixelCNN that is told 20 latents. Its regularizer is the KL divergence.
pixelvae-none-mnist|--model=pixelvae --config.mapping.width=16 --config.regularizer.name=none --config.corruption.name=blocks --steps=2500 --config.train.checkpoint_every=500|reconstruction,sharpness,frechet,mutual_information|--num_generated=400 --num_critic=10000|mutual_information.lower|A PixelVAE of binary handwritten digits of 28x28 pixels without a regularizer, whose q sees damaged images. Its Gibbs chain draws digits, and its ancestral samples do not.
END
}

if [ "${1:-}" = --list ]; then
  table | cut -d'|' -f1,2 | tr '|' '\t'
  exit
fi

# Add the seconds of processor time that a command takes to a file, also if it is stopped.
timed() {
  local file=$1 status=0
  shift
  TIMEFORMAT='%U %S'
  { time "$@" 2>&3; } 3>&2 2>>"$file" || status=$?
  return $status
}

wanted() {
  [ $# = 1 ] || [[ " ${*:2} " == *" $1 "* ]]
}

mkdir -p "$RUNS"
while IFS='|' read -r name flags metrics sizes headline description <&4; do
  wanted "$name" "$@" || continue
  if [ -e "$OUTPUT/$name/card.json" ]; then
    echo "== $name is there"
    continue
  fi
  echo "== $name"
  run=$RUNS/$name
  flags=${flags//@RUNS@/$RUNS}
  if [[ $name == fixedq-digits && ! -e $RUNS/digits.keras ]]; then
    $PYTHON -m train.classifier --dataset=digits --binarize=dynamic --steps=600 \
      --output="$RUNS/digits.keras"
  fi
  trained=$run
  if [[ $name == prior-* ]]; then # The prior is fitted to another run, which has none.
    trained=$run.trained
  fi
  # shellcheck disable=SC2086 # The flags are words.
  timed "$run.seconds" $PYTHON -m train.run $flags --workdir="$trained"
  if [[ $trained != "$run" && ! -e $run ]]; then
    timed "$run.seconds" $PYTHON -m train.fit_prior --workdir="$trained" --output="$run"
  fi
  # shellcheck disable=SC2086
  $PYTHON -m train.evaluate --workdir="$run" --metrics="$metrics" $sizes
  # All presets together have at most 20 MB; these are the large ones.
  dtype=auto
  [[ $name != *-mnist && $name != seqvae-* ]] || dtype=short
  $PYTHON -m train.publish --workdir="$run" --output="$OUTPUT" --name="$name" \
    --headline="$headline" --dtype=$dtype --description="$description" \
    --cpu_seconds="$(awk '{ total += $1 + $2 } END { print total }' "$run.seconds")"
done 4< <(table)
