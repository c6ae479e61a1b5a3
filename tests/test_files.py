"""What is written goes where it was meant to, whole, and destroys nothing."""

import os
import stat
import threading

import numpy as np
import pytest

from backprose import ArgumentError, grad
from backprose.files import write_whole


def test_a_link_is_followed(tmp_path):
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("old")
    link.symlink_to("file")
    write_whole(link, "new")
    assert link.is_symlink() and file.read_text() == "new"


def test_mode_and_hard_links_are_kept(tmp_path):
    file, other = tmp_path / "file", tmp_path / "other"
    file.write_text("old")
    file.chmod(0o640)
    write_whole(file, "new")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    os.link(file, other)
    write_whole(file, "newer")
    assert other.read_text() == "newer" and file.stat().st_ino == other.stat().st_ino


def test_a_pipe_is_written_to(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_whole(pipe, "text")
    reader.join()
    assert read == ["text"] and stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_full_device_leaves_nothing_behind(tmp_path):
    with pytest.raises(OSError, match="No space"):
        write_whole("/dev/full", "text" * 10_000)
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_a_dash_is_standard_output(capsys):
    write_whole("-", "text")
    assert capsys.readouterr().out == "text"


def loss(x):
    return np.sum(x**2)


def test_the_functions_own_file_is_never_overwritten(tmp_path):
    derivative = grad(loss)
    derivative(np.ones(3))
    link = tmp_path / "link.py"
    link.symlink_to(__file__)
    for path in (__file__, link):
        with pytest.raises(ArgumentError, match="would overwrite the file of the function"):
            derivative.save(path)


@pytest.mark.parametrize("target", ["jax", "numpy"])
def test_a_saved_module_refuses_other_shapes(target, tmp_path):
    derivative = grad(loss, target=target)
    derivative(np.ones(3))
    derivative.save(tmp_path / "saved.py")
    namespace = {}
    exec((tmp_path / "saved.py").read_text(), namespace)
    np.testing.assert_array_equal(namespace["loss_grad"](np.ones(3)), 2 * np.ones(3))
    with pytest.raises(ValueError, match=r"loss_grad is for x: float64\[3\]"):
        namespace["loss_grad"](np.ones(4))
