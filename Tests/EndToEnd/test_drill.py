"""The drill of the README, on the real input: damage in the middle of a sealed segment, and a cut at a random byte."""

import json
import os
import random
import shutil

import events
import tool
from case import LONG, SEED, Case

REAL = events.main_input()
DAMAGED = "the store is damaged; what is sound can be read"
TORN = "a torn tail was moved to quarantine"


class DrillTests(Case):
    def setUp(self):
        super().setUp()
        self.succeed("append", self.store, "--segment-size", "512KiB", input=REAL)
        files = os.listdir(os.path.join(self.store, "events"))
        self.segments = sorted(name for name in files if name.endswith(".seg"))
        self.assertGreater(len(self.segments), 2)
        self.sound = self.export()

    def frames(self, name):
        return self.succeed("inspect", os.path.join(self.store, "events", name)).object["frames"]

    def test_a_flipped_bit_in_the_middle_of_a_sealed_segment(self):
        name = self.segments[1]
        path = os.path.join(self.store, "events", name)
        middle = os.path.getsize(path) // 2
        frame = next(frame for frame in self.frames(name) if frame["offset"] + frame["length"] > middle)
        self.assertEqual(frame["kind"], "commit")
        self.assertEqual(self.frames(name)[-1]["kind"], "footer")
        # In the body: of a stream with one event, a damaged header leaves nothing.
        place = frame["offset"] + (88 + frame["length"]) // 2
        with open(path, "r+b") as file:
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ 0x10]))
        before = self.digests()

        # verify names it, and changes nothing even where it could not.
        for options in ([], ["--max-bandwidth", "50MB/s"]):
            ended = tool.run("verify", self.store, *options)
            self.assert_refused(ended, 1, "1 place")
            (damage,) = ended.object["damage"]
            self.assertEqual((damage["file"], damage["offset"]), (f"events/{name}", frame["offset"]))
        # Opening refuses, and shows the way out.
        ended = tool.run("append", self.store, input=events.line(1))
        self.assert_refused(ended, 1, name, str(frame["offset"]), "strata verify", "strata recover", "read-only")
        # Read-only still serves other streams; where damage hides whose it is, any may have lost its end.
        lost = json.loads(self.sound.splitlines()[frame["first_position"] - 1])
        other = json.loads(next(
            line for line in self.sound.splitlines() if json.loads(line)["aggregate_id"] != lost["aggregate_id"]))
        for event, status in ((other, 0 if damage.get("stream") else 1), (lost, 1)):
            ended = tool.run("read", self.store, "--stream", f"{event['aggregate_type']}/{event['aggregate_id']}")
            self.assertEqual(ended.status, status, ended.errors)
            self.assert_warns(ended, DAMAGED)
        # recover --dry-run changes nothing, nor does recover.
        for options in (["--dry-run"], []):
            self.assert_refused(tool.run("recover", self.store, *options), 1, "--salvage --into NEW")
        self.assertEqual(self.digests(), before)

        # --salvage gives all other events, with the loss named.
        saved = self.path("saved.strata")
        ended = tool.run("recover", self.store, "--salvage", "--into", saved)
        self.assert_refused(ended, 1, "not everything could be saved")
        report = ended.object
        self.assertEqual(
            report["losses"],
            [{"stream": f"{lost['aggregate_type']}/{lost['aggregate_id']}", "first_version": lost["version"],
              "last_version": lost["version"]}])
        self.assertEqual(
            report["lost_positions"],
            [{"first_position": frame["first_position"], "last_position": frame["last_position"]}])
        lines = self.sound.splitlines()
        del lines[frame["first_position"] - 1]
        self.assertEqual(
            [events.essence(line) | {"position": json.loads(line)["position"]}
             for line in self.export(saved).splitlines()],
            [events.essence(line) | {"position": json.loads(line)["position"]} for line in lines])
        self.assert_sound(saved)
        self.assertEqual(self.digests(), before)

    def test_works_on_a_backup_that_nobody_may_write(self):
        place = self.mount("16m")
        shutil.copytree(self.store, os.path.join(place, "backup.strata"))
        self.remount(place, "ro")
        backup = os.path.join(place, "backup.strata")
        self.assert_sound(backup)
        self.assertEqual(self.export(backup), self.sound)
        self.assertEqual(self.succeed("recover", backup, "--dry-run").object["steps"], [])
        self.assertEqual(self.succeed("quarantine", "list", backup).objects, [])
        self.assert_refused(tool.run("append", backup, input=events.line(1)), 77)

    def test_a_cut_of_the_active_segment_at_a_random_byte(self):
        generator = random.Random(SEED)
        name = self.segments[-1]
        frames = self.frames(name)
        boundaries = {frame["offset"] for frame in frames}
        good = self.path("good.strata")
        os.rename(self.store, good)
        lines = self.sound.splitlines(keepends=True)
        for _ in range(100 if LONG else 8):
            cut = generator.randrange(65, os.path.getsize(os.path.join(good, "events", name)))
            if cut in boundaries:
                continue
            with self.subTest(seed=SEED, cut=cut):
                shutil.rmtree(self.store, ignore_errors=True)
                shutil.copytree(good, self.store)
                path = os.path.join(self.store, "events", name)
                os.truncate(path, cut)
                frame = next(frame for frame in reversed(frames) if frame["offset"] < cut)
                with open(path, "rb") as file:
                    file.seek(frame["offset"])
                    # Zeros at the end cannot be told from room that the file had.
                    torn = file.read().rstrip(b"\0")
                last = max((frame["last_position"] for frame in frames
                            if frame["kind"] == "commit" and frame["offset"] + frame["length"] <= cut),
                           default=int(name[:20]) - 1)
                # Opening heals it alone, and says so in one line; the next opening has nothing to say.
                self.fill(events.line(1), warns=TORN)
                self.fill(events.line(2))
                self.assertEqual(
                    events.without_stored_at(b"".join(self.export().splitlines(keepends=True)[:-2])),
                    events.without_stored_at(b"".join(lines[:last])))
                (kept,) = self.succeed("quarantine", "list", self.store).objects
                self.assertEqual(self.succeed("quarantine", "export", self.store, kept["file"]).output, torn)
                self.assertIsNone(self.assert_sound()["torn_tail"])
                # What is in quarantine can be thrown away, once somebody says so.
                self.assertEqual(self.succeed("quarantine", "purge", self.store).objects, [kept])
                self.assertEqual(self.succeed("quarantine", "list", self.store).objects, [])
