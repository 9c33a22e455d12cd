"""Labels of versions: canary and rollback, in models.config and in the README."""

import json
import shutil

import grpc
import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from export import label, labels, readme, server_configs
from export.pruning import prune
from tests.export import double
from tests.export.served import exported, loaded
from tests.export.test_readme import python_commands


@pytest.fixture
def output(tmp_path):
    """A folder of all models with three versions of one."""
    _, folder = exported("gvae")
    for version in (1, 2, 3):
        shutil.copytree(folder, tmp_path / "digits" / str(version))
    server_configs.write(tmp_path)
    readme.write(tmp_path)
    return tmp_path


def served(output):
    """What the server reads: (the policy, {label: version})."""
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((output / "models.config").read_text(), config)
    (model,) = config.model_config_list.config
    return model.model_version_policy, dict(model.version_labels)


def test_without_labels_the_newest_version_is_served(output):
    policy, given = served(output)
    assert policy.latest.num_versions == 1 and given == {}


def test_canary_promotion_rollback_and_back_to_the_newest(output, capsys):
    digits = str(output / "digits")
    for arguments, versions, expected in [
        (["stable=1", "canary=3"], [1, 3], {"stable": 1, "canary": 3}),
        (["stable=3"], [3], {"stable": 3}),
        (["stable=1"], [1], {"stable": 1}),
        (["a=2", "b=2"], [2], {"a": 2, "b": 2}),
    ]:
        assert label.main([digits, *arguments]) == 0
        policy, given = served(output)
        assert list(policy.specific.versions) == versions and given == expected
        readme_text = (output / "README.md").read_text()
        for name, version in expected.items():
            assert f"`{name}` is version {version}" in readme_text
    printed = capsys.readouterr().out
    assert "stable: version 1" in printed and "at most 60 seconds" in printed
    assert label.main([digits, "--clear"]) == 0
    assert served(output)[0].latest.num_versions == 1
    assert not (output / "digits" / labels.FILE).exists()


def test_every_line_of_models_config_that_decides_has_a_sentence(output):
    label.main([str(output / "digits"), "stable=1", "canary=3"])
    lines = (output / "models.config").read_text().splitlines()
    for start in ("model_version_policy", "version_labels"):
        first = next(n for n, line in enumerate(lines) if line.strip().startswith(start))
        assert lines[first - 1].strip().startswith("# ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected labels, as in stable=1, or --clear"),
        (["stable=1", "--clear"], "expected labels, as in stable=1, or --clear"),
        (["stable"], "expected LABEL=VERSION, as in stable=1, got 'stable'"),
        (["stable=x"], "expected LABEL=VERSION"),
        (["stable=9"], "needs a version of"),
        (["stable=1", "stable=2"], "the label stable is given twice"),
        (['a"b=1'], "a label is letters, digits"),
    ],
)
def test_errors_are_one_message_and_change_nothing(output, arguments, message, capsys):
    before = (output / "models.config").read_text()
    assert label.main([str(output / "digits"), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and len(error.strip().splitlines()) == 1
    assert (output / "models.config").read_text() == before


def test_a_folder_without_versions(tmp_path, capsys):
    assert label.main([str(tmp_path / "nothing"), "stable=1"]) == 2
    assert "is no folder of an exported model" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["{", "[1]", '{"stable": 7}', '{"stable": "1"}', '{"": 1}'])
def test_a_damaged_file_of_labels_is_named(output, content):
    (output / "digits" / labels.FILE).write_text(content)
    with pytest.raises(ValueError, match=labels.FILE):
        server_configs.write(output)


def test_a_labelled_version_is_never_pruned(output):
    labels.write(output / "digits", {"stable": 1})
    assert [folder.name for folder in prune(output / "digits", 1)] == ["2"]
    assert sorted(path.name for path in (output / "digits").iterdir() if path.is_dir()) == [
        "1",
        "3",
    ]
    assert json.loads((output / "digits" / labels.FILE).read_text()) == {"stable": 1}


def test_a_client_asks_for_a_label(output):
    block, _ = python_commands((output / "README.md").read_text())
    with double.serve({"gvae": loaded("gvae")}) as (grpc_port, _):
        scope = {}
        exec(block.replace("localhost:8500", f"127.0.0.1:{grpc_port}"), scope)
        answers = {}
        for name in ("", "stable", "other"):
            request = scope["predict_pb2"].PredictRequest()
            request.model_spec.name = "gvae"
            request.model_spec.signature_name = "ancestral_sample"
            if name:
                request.model_spec.version_label = name
            seed = scope["tf"].make_tensor_proto(np.array([1]))
            request.inputs["seed"].CopyFrom(seed)
            try:
                answers[name] = scope["stub"].Predict(request).outputs["mean"]
            except grpc.RpcError as error:
                answers[name] = error.code()
        assert answers["stable"] == answers[""]
        assert answers["other"] == grpc.StatusCode.NOT_FOUND
        scope["channel"].close()
