"""export.benchmark measures every signature at every batch size. No time is asserted."""

from export import benchmark
from export.layout import read_card
from tests.export.served import exported


def test_a_line_for_every_signature_and_batch_size(capsys):
    _, folder = exported("gvae")
    assert benchmark.main([str(folder), "--batch_sizes=1,3", "--seconds=0"]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.split()[:2] == ["signature", "rows"]
    names = read_card(folder)["signatures"]
    assert [tuple(line.split()[:2]) for line in lines] == [(n, r) for n in names for r in "13"]
    assert all(float(number) > 0 for line in lines for number in line.split()[2:])


def test_errors_are_one_message(tmp_path, capsys):
    _, folder = exported("gvae")
    for arguments, message in [
        ([str(tmp_path)], "no model card"),
        ([str(folder), "--signatures=paint"], "no signature paint; there are: ancestral_sample"),
        ([str(folder), "--batch_sizes=0"], "batch sizes are integers >= 1"),
        ([str(folder), "--batch_sizes=4,101"], "at most 100 rows, got batch size 101"),
        ([str(folder), "--batch_sizes=many"], "invalid literal"),
    ]:
        assert benchmark.main(arguments) == 2
        assert message in capsys.readouterr().err
