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

# 0: finished. 2: wrong flags. 143: SIGTERM, at the end of the time or for another job. All others: a
# worker was lost, such as 137 for SIGKILL, or the run failed; then at most 20 starts.
# The same command resumes.
if [ $status -eq 143 ]; then
  scontrol requeue "$SLURM_JOB_ID"
elif [ $status -ne 0 ] && [ $status -ne 2 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 20 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit $status
