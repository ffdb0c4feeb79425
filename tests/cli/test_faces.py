from __future__ import annotations


def test_the_folder_is_celebas_with_a_sheet_and_started_again_finds_everything_ready(world) -> None:
    folder = world.folder / "out"
    options = ("faces", folder, "--images", "5", "--size", "32", "--json")
    ended = world(*options)
    assert ended.json["n_images"] == 5
    assert f"mamviz train --data {folder}" in ended.err
    names = {path.name for path in folder.iterdir()}
    assert {"img_align_celeba", "list_attr_celeba.txt", "list_eval_partition.txt", "regions", "sheet.png"} <= names
    assert "sheet.svg" not in names
    images = sorted((folder / "img_align_celeba").iterdir())
    assert [path.name for path in images] == [f"00000{number}.jpg" for number in range(1, 6)]
    before = images[4].stat().st_mtime_ns
    world(*options)
    assert images[4].stat().st_mtime_ns == before


def test_regions_can_be_left_out(world) -> None:
    world("faces", world.folder / "out", "--images", "1", "--size", "32", "--no-regions")
    assert not (world.folder / "out" / "regions").exists()


def test_other_settings_or_another_folder_are_not_written_over(world) -> None:
    folder = world.folder / "out"
    world("faces", folder, "--images", "1", "--size", "32", "--no-regions")
    assert "other settings" in world.fails("faces", folder, "--images", "1", "--size", "40", "--no-regions")
    assert "expected an empty or new folder" in world.fails("faces", folder / "img_align_celeba", "--images", "1")


def test_a_size_that_cannot_be_drawn_is_refused(world) -> None:
    assert "expected 32 to 256 pixels, got 8" in world.fails(
        "faces", world.folder / "out", "--images", "1", "--size", "8"
    )
