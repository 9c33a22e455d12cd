"""Upload a preset to the Hugging Face Hub, as one commit, with a page for its readers."""

import pathlib

from tfgvae.zoo import cards, hub
from tfgvae.zoo.finding import shown

PAGE = """---
license: {licence}
library_name: tfgvae
tags: [vae, tensorflow, keras]
---

# {name}

{description}

```python
import tfgvae

model = tfgvae.from_preset("{address}")
x = model.ancestral_sample(16, seed=0)
```

Test set: {headline}. The file `card.json` has the data, the command, all metrics and the limits.

{limits}
"""


def require(address):
    """Check an address and the extra before anything is done.

    Raises:
      ValueError: a wrong address, one with a revision, or the extra is missing.
    """
    _, revision = hub.parse(address)
    if revision:
        raise ValueError(f"--push takes no revision, got {address!r}")
    try:
        hub.client()
    except ImportError as error:
        raise ValueError(str(error)) from error


def page(card, address):
    """README.md of the repository."""
    return PAGE.format(
        licence=card["weights"]["licence"].lower(),
        name=card["name"],
        description=card["description"],
        address=address,
        headline=shown(cards.headline(card)),
        limits="\n".join(f"- {sentence}" for sentence in card["limits"]),
    )


def upload(folder, address, card, say=print):
    """Create the repository if it does not exist, and put the files of a preset into it.

    Raises:
      ConnectionError: the server cannot be reached, or refuses; the folder stays as it is.
    """
    repository, _ = hub.parse(address)
    client = hub.client()
    contents = {name: (pathlib.Path(folder) / name).read_bytes() for name in cards.FILES}
    contents["README.md"] = page(card, address).encode()
    add = [client.CommitOperationAdd(name, content) for name, content in contents.items()]
    try:
        api = client.HfApi()
        api.create_repo(repository, exist_ok=True)
        api.create_commit(repository, add, commit_message=f"The preset {card['name']}")
    except Exception as error:  # Of the network, of the client, or of the server.
        said = " ".join(str(error).split())[:300] or type(error).__name__
        raise ConnectionError(
            f"{folder} is complete, but {address} did not take it: {said} (are you logged in? hf "
            "auth login)"
        ) from error
    say(f'Uploaded: tfgvae.from_preset("{address}")')
