"""Finished metrics on the disk: OUTPUT/metrics/NAME.json and its pictures NAME-PICTURE.png.

The pictures are written first and the JSON file last, so that a metric with a JSON file is
finished. The JSON file holds the values that the result depends on, and digests of itself and of
the pictures. A file that does not match or cannot be read is ignored.
"""

import hashlib
import json
import pathlib

import numpy as np
from PIL import Image

from train import pictures
from train.evaluate.section import Picture, Section
from train.files import digest, write_whole

# Increase it when results of older code must not be reused.
VERSION = 1


def _digest_of(body):
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


class Store:
    """The stored metrics of one evaluation.

    Args:
      folder: OUTPUT/metrics; created at the first write.
      fixed: a dict for JSON of the values that every metric depends on: checkpoint, data, seed.
    """

    def __init__(self, folder, fixed):
        self.folder = pathlib.Path(folder)
        self.fixed = {"version": VERSION, **fixed}

    def path(self, name):
        """The file of a metric's results."""
        return self.folder / f"{name}.json"

    def picture_path(self, name, picture):
        """The file of a metric's picture."""
        return self.folder / f"{name}-{picture}.png"

    def write(self, name, section, settings, seconds):
        """Store a finished metric.

        Args:
          name: the metric.
          section: a Section.
          settings: {name: value} of the settings that the metric read.
          seconds: the time it took.

        Returns:
          The body, as `read` returns it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        drawn = []
        for picture in section.pictures:
            path = self.picture_path(name, picture.name)
            pictures.write(picture.pixels, path)
            about = {"name": picture.name, "caption": picture.caption, "row": picture.row}
            drawn.append({**about, "digest": digest(path)})
        body = {
            "metric": name,
            "fixed": self.fixed,
            "settings": settings,
            "seconds": round(seconds, 2),
            "section": section.as_dict(),
            "pictures": drawn,
        }
        # As `read` will return it: JSON turns tuples into lists and keys into strings.
        body = json.loads(json.dumps(body, allow_nan=False))
        text = json.dumps({"digest": _digest_of(body), **body}, indent=2, allow_nan=False)
        write_whole(self.path(name), text + "\n")
        return body

    def read(self, name, settings):
        """(Section, body) of a metric stored with these settings, or None.

        Args:
          name: the metric.
          settings: all settings of this evaluation; those that the metric used must be the same.
        """
        try:
            body = json.loads(self.path(name).read_text())
            if body.pop("digest") != _digest_of(body) or body["fixed"] != self.fixed:
                return None
            if any(settings.get(key) != value for key, value in body["settings"].items()):
                return None
            drawn = [self._picture(name, about) for about in body["pictures"]]
            return Section.from_dict(body["section"], drawn), body
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _picture(self, name, about):
        path = self.picture_path(name, about["name"])
        if digest(path) != about["digest"]:
            raise ValueError(f"{path} has changed")
        pixels = np.asarray(Image.open(path).convert("RGB"))
        return Picture(about["name"], about["caption"], pixels, about["row"])
