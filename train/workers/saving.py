"""Checkpoints of several workers: one file, the chief's, from which all resume.

Every worker saves, because reading a variable may be a collective operation. The others write to
their scratch folder, and remove the file.
"""

import time

from tfgvae import runs
from train.checkpoints import CheckpointError, Checkpoints

_SHARED = 60.0  # seconds: until a file of the chief is seen through a network file system


def appears(path):
    """Whether a file of the chief is there, or comes within a minute."""
    deadline = time.monotonic() + _SHARED
    while not path.exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


class TeamCheckpoints(Checkpoints):
    """The checkpoints of one run folder, for one of its workers.

    Args:
      folder: the run folder, which all workers share.
      keep: how many to keep, >= 1.
      team: a train.workers.team.Team.
    """

    def __init__(self, folder, keep, team):
        super().__init__(folder, keep)
        self.team = team
        self._scratch = None if team.is_chief else Checkpoints(team.own(folder), 1)

    def clean(self):
        """Remove the incomplete files of a process that was killed."""
        if self.team.is_chief:
            super().clean()

    def newest(self, say=print):
        """The chief's newest undamaged checkpoint, on every worker: (step, path), or None.

        Raises:
          CheckpointError: all are damaged, or the chief's folder is not this worker's.
        """
        own = super().newest
        step = self.team.from_chief(lambda: (own(say) or (None,))[0])
        if step is None:
            return None
        path = runs.checkpoint_path(self.folder, step)
        if not appears(path):
            raise CheckpointError(
                f"the chief resumes from {path}, which this worker does not have: --workdir "
                "must be a folder that all workers share"
            )
        return step, path

    def save(self, model, step):
        """Write the checkpoint of `step`; returns when the chief's file is complete.

        Raises:
          CheckpointError: as Checkpoints.save.
        """
        if self._scratch is None:
            super().save(model, step)
        else:
            self._scratch.save(model, step)
            runs.checkpoint_path(self._scratch.folder, step).unlink()
        self.team.barrier()
