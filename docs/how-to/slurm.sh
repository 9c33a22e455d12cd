#!/bin/bash
# Train on several machines under Slurm: sbatch docs/how-to/slurm.sh
#SBATCH --job-name=tfgvae
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --time=24:00:00
# Two minutes before the end every worker gets SIGTERM: the run saves and stops.
#SBATCH --signal=TERM@120
#SBATCH --requeue

set -u
port=12345
workers=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | sed "s/.*/\"&:$port\"/" | paste -sd, -)
export workers

# One task per machine; SLURM_PROCID is its index.
srun --kill-on-bad-exit=0 bash -c '
  export TF_CONFIG="{\"cluster\": {\"worker\": [$workers]},
    \"task\": {\"type\": \"worker\", \"index\": $SLURM_PROCID}}"
  exec python -m train.run --model=seqvae_celeba --data_dir=/shared/tfds \
    --workdir=/shared/runs/celeba --batch_size=512 --strategy=multiworker'
status=$?

# 143: stopped by SIGTERM, at the end of the time or for another job. 1: a worker was lost.
# The same command resumes.
if [ $status -eq 143 ] || [ $status -eq 1 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit $status
