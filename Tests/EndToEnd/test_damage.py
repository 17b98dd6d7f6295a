"""A damaged store: found, named, never made worse; what is sound can still be read."""

import os
import random

import events
import tool
from case import LONG, SEED, Case

COUNT, STREAMS = 300, 7
DAMAGED = "the store is damaged; what is sound can be read"


class DamageTests(Case):
    def setUp(self):
        super().setUp()
        self.fill(events.lines(range(1, COUNT + 1), STREAMS))
        self.sound_export = self.export()
        self.frames = self.succeed("inspect", self.segment()).object["frames"]
        self.commits = [frame for frame in self.frames if frame["kind"] == "commit"]

    def flip(self, offset, bit=0):
        with open(self.segment(), "r+b") as file:
            file.seek(offset)
            byte = file.read(1)[0]
            file.seek(offset)
            file.write(bytes([byte ^ 1 << bit]))

    def check_found(self, frame):
        """verify and inspect name the file and the frame, append refuses, and nothing is changed."""
        before = self.digests()
        ended = tool.run("verify", self.store)
        self.assert_refused(ended, 1, "s.strata", "1 place")
        (damage,) = ended.object["damage"]
        self.assertEqual((damage["file"], damage["offset"]), ("events/00000000000000000001.seg", frame["offset"]))
        self.assertEqual(damage["length"], frame["length"])
        self.assertEqual((ended.object["sound"], ended.object["torn_tail"]), (False, None))
        text = tool.run("verify", self.store, "--format", "text")
        self.assertEqual(text.status, 1)
        self.assertRegex(text.output.decode(), r"(?m)^result: +DAMAGED$")
        self.assertRegex(
            text.output.decode(), rf"(?m)^damage: .*events/0+1\.seg.*\b{frame['offset']}\b")

        for options in ([], ["--skip-existing"], ["--keep-going"]):
            ended = tool.run("append", self.store, *options, input=events.line(COUNT + 1))
            self.assert_refused(ended, 1, "s.strata", str(frame["offset"]))
            self.assertEqual(ended.output, b"")
        self.assertEqual(tool.run("stats", self.store).status, 0)
        inspected = tool.run("inspect", self.segment())
        self.assert_refused(inspected, 1, "1 place")
        unverified = [one for one in inspected.object["frames"] if one["kind"] == "unverified"]
        self.assertEqual([one["offset"] for one in unverified], [frame["offset"]])
        self.assertEqual(self.digests(), before)

    def check_readable(self, frame, hides_stream=False):
        """Streams without damage read as before; the damaged one says so; feeds give what lies before it.

        Where damage hides whose it is, all streams that are read to their end say that later events may be lost.
        """
        for number in range(STREAMS):
            name = events.stream(number)
            marker = f'"aggregate_id":"{name.split("/")[1]}"'.encode()
            stream = [line for line in self.sound_export.splitlines(keepends=True) if marker in line]
            ended = tool.run("read", self.store, "--stream", name)
            if name != frame["stream"]:
                if hides_stream:
                    self.assert_refused(ended, 1, "later events may be lost", name, warns=DAMAGED)
                    part = tool.run("read", self.store, "--stream", name, "--to", len(stream))
                    self.assertEqual((part.status, part.output), (0, ended.output), part.errors)
                else:
                    self.assertEqual((ended.status, ended.errors), (0, b""))
                    self.assert_warns(ended, DAMAGED)
                self.assertEqual(ended.output, b"".join(stream))
            else:
                self.assert_refused(ended, 1, warns=DAMAGED)
                self.assertEqual(ended.output, b"".join(stream)[:len(ended.output)])
                # What comes before and behind the damage can be asked for.
                for arguments, wanted, status in (
                        (["--to", frame["first_version"] - 1], stream[:frame["first_version"] - 1], 0),
                        (["--from", frame["last_version"] + 1], stream[frame["last_version"]:], int(hides_stream))):
                    part = tool.run("read", self.store, "--stream", name, *arguments)
                    self.assertEqual((part.status, part.output), (status, b"".join(wanted)), part.errors)
        export = tool.run("export", self.store)
        self.assert_refused(export, 1, warns=DAMAGED)
        self.assertEqual(
            export.output, b"".join(self.sound_export.splitlines(keepends=True)[:frame["first_position"] - 1]))

    def test_a_flipped_bit_in_a_payload(self):
        frame = self.commits[COUNT // 2]
        self.flip(frame["offset"] + frame["length"] - 20)
        self.check_found(frame)
        self.check_readable(frame)

    def test_a_flipped_bit_in_a_frame_header(self):
        frame = self.commits[COUNT // 2]
        self.flip(frame["offset"] + 30)
        self.check_found(frame)
        self.check_readable(frame, hides_stream=True)

    def test_flipped_bits_anywhere(self):
        generator = random.Random(SEED)
        for _ in range(100 if LONG else 8):
            frame = generator.choice(self.commits)
            offset = frame["offset"] + generator.randrange(frame["length"])
            bit = generator.randrange(8)
            with self.subTest(offset=offset, bit=bit):
                self.flip(offset, bit)
                self.check_found(frame)
                self.flip(offset, bit)
                self.assert_sound()

    def test_the_last_commit_is_not_taken_for_a_torn_tail(self):
        frame = self.commits[-1]
        for offset in (0, 4, 8, 40, 90, frame["length"] - 1):
            with self.subTest(offset=offset):
                self.flip(frame["offset"] + offset)
                self.check_found(frame)
                self.flip(frame["offset"] + offset)

    def test_a_gap_that_was_zeroed(self):
        first, last = self.commits[100], self.commits[110]
        with open(self.segment(), "r+b") as file:
            file.seek(first["offset"])
            file.write(bytes(last["offset"] - first["offset"]))
        before = self.digests()
        ended = tool.run("verify", self.store)
        self.assertEqual(ended.status, 1)
        self.assertEqual(ended.object["damage"][0]["offset"], first["offset"])
        self.assertEqual(tool.run("append", self.store, input=events.line(COUNT + 1)).status, 1)
        self.assertEqual(self.digests(), before)

    def test_recovery_gives_up_nothing_and_salvage_what_is_damaged(self):
        frame = self.commits[COUNT // 2]
        self.flip(frame["offset"] + frame["length"] - 20)
        before = self.digests()
        self.assert_refused(tool.run("recover", self.store), 1)
        saved = self.path("saved.strata")
        tool.run("recover", self.store, "--salvage", "--into", saved, "--dry-run")
        self.assertFalse(os.path.exists(saved))
        ended = tool.run("recover", self.store, "--salvage", "--into", saved)
        self.assert_refused(ended, 1)
        self.assertEqual(self.digests(), before)
        self.assert_sound(saved)
        lines = self.sound_export.splitlines()
        del lines[frame["first_position"] - 1]
        self.assertEqual(
            list(map(events.essence, self.export(saved).splitlines())), list(map(events.essence, lines)))

    def test_no_payload_shows_in_messages(self):
        secret = "TOP-SECRET-7f3a"
        broken = [
            events.line(1, data=f'{{"x":"{secret}"'), events.line(2, data=f'"{secret}" "{secret}"'),
            events.line(3, data=f'"{secret}\x01"'), events.line(4, data=f'"{secret}"', unknown=1),
            events.line(5, data=f'"{secret}"', aggregate_id="no uuid"), events.line(6, data=f'"{secret}"', event_type=""),
            events.line(7, data=f'"{secret}"', metadata={"correlation_id": secret, "x": 5}),
            events.line(8, data=f'"{secret}"', occurred_at="yesterday"),
        ]
        for data in broken:
            ended = tool.run("append", self.store, input=data)
            self.assertEqual(ended.status, 65, ended)
            self.assertNotIn(b"SECRET", ended.errors + ended.output)
        self.fill(b"".join(events.line(900 + number, data=f'"{secret}{number}"') for number in range(20)))
        length = os.path.getsize(self.segment())
        for offset in range(length - 4000, length, 397):
            self.flip(offset)
            for command in (["verify"], ["recover", "--dry-run"], ["stats"], ["inspect"]):
                place = self.segment() if command == ["inspect"] else self.store
                self.assertNotIn("SECRET", repr(tool.run(*command, place)))
            self.assertNotIn(b"SECRET", tool.run("export", self.store).errors)
            self.flip(offset)

    def test_a_segment_header(self):
        self.flip(20)
        before = self.digests()
        for ended in (tool.run("verify", self.store), tool.run("append", self.store, input=events.line(COUNT + 1))):
            self.assert_refused(ended, 1)
        self.assertEqual(self.digests(), before)

    def test_a_torn_tail_is_no_damage_and_goes_to_quarantine(self):
        # As after a crash: the mark of the close is gone, and half of a frame is there.
        last = self.commits[-1]
        with open(self.segment(), "r+b") as file:
            file.truncate(last["offset"] + last["length"] // 2)
            file.seek(last["offset"])
            # Zeros at the end cannot be told from room that the file had.
            torn = file.read().rstrip(b"\0")
        self.succeed("inspect", self.segment())
        with open(self.segment(), "r+b") as file:
            # Room that was made ahead.
            file.truncate(os.path.getsize(self.segment()) + 8192)
        self.succeed("inspect", self.segment())
        before = self.digests()
        report = self.assert_sound()
        self.assertEqual(
            report["torn_tail"],
            {"file": "events/00000000000000000001.seg", "offset": last["offset"], "length": len(torn)})
        self.assertEqual(self.export(), b"".join(self.sound_export.splitlines(keepends=True)[:-1]))
        self.assertEqual(self.digests(), before)

        self.fill(events.line(COUNT + 1), warns="quarantine")
        (listed,) = self.succeed("quarantine", "list", self.store).objects
        self.assertEqual(len(torn), next(value for key, value in listed.items() if "bytes" in key))
        (name,) = os.listdir(os.path.join(self.store, "quarantine"))
        with open(os.path.join(self.store, "quarantine", name), "rb") as file:
            self.assertEqual(file.read(), torn)
        self.assertIsNone(self.assert_sound()["torn_tail"])
        self.assertEqual(len(self.export().splitlines()), COUNT)

    def test_a_damaged_snapshot_costs_a_replay_and_no_more(self):
        self.store = self.path("demo.strata")
        self.assertEqual(tool.run("demo", "--store", self.store).status, 0)
        (name,) = os.listdir(os.path.join(self.store, "snapshots"))
        path = os.path.join(self.store, "snapshots", name)
        frame = next(frame for frame in self.succeed("inspect", path).object["frames"] if frame["kind"] == "snapshot")
        with open(path, "r+b") as file:
            file.seek(frame["offset"] + frame["length"] - 12)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1]))
        ended = tool.run("verify", self.store)
        self.assert_refused(ended, 1)
        self.assertEqual([one["offset"] for one in ended.object["damaged_snapshots"]], [frame["offset"]])
        self.assertEqual(ended.object["damage"], [])
        self.assert_refused(tool.run("snapshots", "show", self.store, frame["stream"]), 65)
        self.assertEqual(len(self.succeed("read", self.store, "--stream", frame["stream"]).lines), 5)
        self.fill(events.line(1))
