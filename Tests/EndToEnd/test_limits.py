"""No room at any of the last bytes, no inodes, no descriptors: reported, sound, and over once there is room again."""

import errno
import json
import os
import random
import resource
import shutil

import events
import tool
import writers
from case import LONG, SEED, Case

CASES = int(os.environ.get("STRATA_FULL_DISKS", "4096" if LONG else "20"))
PAGE = 4096
NO_MARK = "no room to mark the end of the log"


def spread(count, of):
    """So many numbers below a limit, as even as can be, the ends among them."""
    return sorted({round(number * (of - 1) / max(1, count - 1)) for number in range(count)})


class LimitCase(Case):
    time_limit = 7200 if LONG else 120

    @property
    def warns_of_tails(self):
        return {}

    def show(self, done):
        if done % 256 == 0 or done == CASES:
            print(f"{self.id()}: {done} of {CASES} cases", flush=True)

    def check_stored(self, reports, others=0):
        """All acknowledged lines are there, and nothing else; the store is sound and has no torn tail."""
        exported = [json.loads(line) for line in self.export().splitlines()]
        for ack in reports:
            event = exported[ack["position"] - 1]
            self.assertEqual(
                (ack["stream"], ack["version"]),
                (f"{event['aggregate_type']}/{event['aggregate_id']}", event["version"]))
        self.assertEqual(len(exported), len(reports) + others)
        self.assertIsNone(self.assert_sound()["torn_tail"])

    def append_too_much(self, data, **options):
        """Appends what does not all fit. Returns the acknowledgements."""
        ended = tool.run("append", self.store, "--keep-going", input=data, **options)
        for warning in ended.warnings:
            self.assertIn(NO_MARK, warning)
        self.assertIn(ended.status, (0, 1, 74), ended.errors)
        failed = {report["error"]["code"] for report in ended.objects if "error" in report}
        self.assertLessEqual(failed, {"storage_full"})
        return [report for report in ended.objects if "error" not in report]

    def store_that_ends(self, rest):
        """A store of two commits whose log ends so many bytes, a multiple of 8, before the end of a page."""
        self.fill(events.line(1))
        end = os.path.getsize(self.segment())
        # A commit of the same names with as many more bytes of data, and the open frame and mark of another run.
        probe = self.path("probe.strata")
        shutil.copytree(self.store, probe)
        self.fill(events.line(2, data='""'), probe)
        added = os.path.getsize(self.segment(probe)) - end
        shutil.rmtree(probe)
        length = (PAGE - rest - (end + added)) % PAGE
        self.fill(events.line(2, data='"' + "p" * length + '"'))
        self.assertEqual(os.path.getsize(self.segment()) % PAGE, (PAGE - rest) % PAGE)


class FullDiskTests(LimitCase):
    WAYS = ["short", "long", "many", "fits", "one writer", "many writers", "snapshots", "segments"]

    def fill_up(self):
        with open(os.path.join(self.disk, "filler"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 20))
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)

    def make_room(self):
        os.remove(os.path.join(self.disk, "filler"))

    def test_at_each_of_the_last_bytes(self):
        """The log is the only file with room left, in its last page: 0, 8, ... 4,088 bytes, for each way to write."""
        self.disk = self.mount("4m")
        generator = random.Random(SEED)
        rests = PAGE // 8
        for done, number in enumerate(spread(CASES, rests * len(self.WAYS)), 1):
            self.show(done)
            rest, way = number % rests * 8, self.WAYS[number // rests]
            size = generator.choice([4, 8, 16, 64])
            with self.subTest(seed=SEED, rest=rest, way=way, size=size):
                self.store = self.path("s.strata")
                self.store_that_ends(rest)
                self.remount(self.disk, f"size={size}m")
                self.store = shutil.move(self.store, os.path.join(self.disk, "s.strata"))
                try:
                    if "writer" in way or way in ("snapshots", "segments"):
                        self.check_writers(way)
                    else:
                        self.check_appends(way, rest)
                finally:
                    for name in os.listdir(self.disk):
                        path = os.path.join(self.disk, name)
                        shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)

    def check_appends(self, way, rest):
        data = {
            "short": events.line(3),
            "long": events.line(3, data='"' + "l" * 9000 + '"'),
            "many": events.lines(range(3, 60)),
            "fits": events.line(3),
        }[way]
        self.fill_up()
        reports = self.append_too_much(data)
        if way == "long":
            self.assertEqual(reports, [])
        if way == "fits" and rest >= 512:
            # An open frame, a commit and perhaps a mark: a few hundred bytes.
            self.assertEqual(len(reports), 1)
        self.check_stored(reports, others=2)
        self.make_room()
        again = self.succeed("append", self.store, "--skip-existing", input=data).objects
        self.check_stored(again, others=2)

    def check_writers(self, way):
        """Writers meet the full disk, wait, and go on in the same process once there is room."""
        acknowledged = writers.Acknowledged()
        self.fill_up()
        count = 1 if way == "one writer" else 4
        with writers.start(
                self.store, count, "--wait-for-room", "--commits", 60, snapshot_every=3 if way == "snapshots" else 0,
                segment_bytes=(64 << 10) if way == "segments" else (1 << 20)) as running:
            seen = 0
            while running.is_running and not any(b"error" in line for line in running.lines()):
                running.wait_for_lines(seen + 1)
                seen = len(running.lines())
            self.make_room()
            ended = running.end()
        self.assertEqual((ended.status, ended.errors), (0, b""))
        acknowledged.add(ended.output)
        self.assertLessEqual(set(acknowledged.errors), {"storage_full"})
        self.assertIn("storage_full", acknowledged.errors)
        self.assertEqual(acknowledged.count, 60 * count)
        exported = [json.loads(line) for line in self.export().splitlines()]
        written = [event for event in exported if event["aggregate_type"] == "Writer"]
        for writer, version in acknowledged.versions.items():
            versions = [event["version"] for event in written if event["aggregate_id"] == writers.stream(writer)]
            self.assertEqual(versions, list(range(1, version + 1)))
        self.assertEqual(len(exported), len(written) + 2)
        self.assertIsNone(self.assert_sound()["torn_tail"])


class FileSizeTests(LimitCase):
    def test_at_each_of_the_next_bytes(self):
        """A limit on the size of files cuts writes at any byte, not only at the end of a page."""
        template = self.path("template.strata")
        self.store = template
        self.fill(events.lines(range(1, 4)))
        end = os.path.getsize(self.segment())
        data = events.lines(range(4, 24))
        for done, rest in enumerate(spread(CASES, PAGE), 1):
            self.show(done)
            with self.subTest(rest=rest):
                self.store = self.path("s.strata")
                shutil.copytree(template, self.store)
                limit = end + rest
                reports = self.append_too_much(
                    data, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
                self.assertLessEqual(os.path.getsize(self.segment()), limit)
                self.check_stored(reports, others=3)
                again = self.succeed("append", self.store, "--skip-existing", input=data).objects
                self.assertEqual(len(again), 20)
                self.check_stored(again, others=3)
                shutil.rmtree(self.store)


class InodeTests(LimitCase):
    def test_a_store_is_made_or_refused_and_made_later(self):
        disk = self.mount("4m,nr_inodes=100")
        self.store = os.path.join(disk, "s.strata")
        made = set()
        for inodes in range(1, 14):
            self.remount(disk, f"nr_inodes={inodes}")
            ended = tool.run("append", self.store, input=events.line(1))
            with self.subTest(inodes=inodes):
                if ended.status == 0:
                    made.add(inodes)
                else:
                    self.assert_refused(ended, ended.status, "No space left on device")
                    self.assertIn(ended.status, (73, 74))
                self.remount(disk, "nr_inodes=100")
                self.succeed("append", self.store, "--skip-existing", input=events.line(1))
                self.check_stored([], others=1)
            shutil.rmtree(self.store)
        self.assertNotIn(1, made)
        self.assertIn(13, made)

    def test_a_new_segment_waits_for_an_inode(self):
        disk = self.mount("16m,nr_inodes=14")
        self.store = os.path.join(disk, "s.strata")
        acknowledged = writers.Acknowledged()
        with writers.start(
                self.store, 4, "--wait-for-room", "--commits", 600, snapshot_every=7) as running:
            while running.is_running and not any(b"error" in line for line in running.lines()[-50:]):
                running.wait_for_lines(len(running.lines()) + 1)
            self.remount(disk, "nr_inodes=1000")
            ended = running.end()
        self.assertEqual((ended.status, ended.errors), (0, b""))
        acknowledged.add(ended.output)
        self.assertEqual(set(acknowledged.errors), {"storage_full"})
        self.assertEqual(acknowledged.count, 4 * 600)
        self.assertGreater(len(os.listdir(os.path.join(self.store, "events"))), 10)
        acknowledged.check(self, self.store)


class NameTests(LimitCase):
    def test_a_million_segments_that_nobody_named(self):
        """A hostile directory costs time and memory in proportion to its names, and no more."""
        count = 1_000_000 if LONG else 20_000
        disk = self.mount(f"256m,nr_inodes={count + 100}")
        self.store = os.path.join(disk, "s.strata")
        self.fill(events.line(1))
        for number in range(2, count):
            os.close(os.open(os.path.join(self.store, "events", f"{number:020}.seg"), os.O_CREAT | os.O_WRONLY, 0o600))
        memory = 256 << 20
        for command in (["verify"], ["read", "--all"], ["recover", "--dry-run"]):
            ended = tool.run(
                command[0], self.store, *command[1:],
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (memory + 400 * count,) * 2))
            self.assertEqual((ended.status, ended.errors), (0, b""))
        self.succeed("append", self.store, input=events.line(2))
        self.assertEqual(os.listdir(os.path.join(self.store, "events")), ["00000000000000000001.seg"])


class DescriptorTests(LimitCase):
    def test_any_limit_loses_nothing(self):
        """Few descriptors: the work is done, or refused in words; what was acknowledged is there."""
        done = []
        for limit in range(8, 33):
            with self.subTest(limit=limit):
                acknowledged = writers.Acknowledged()
                with writers.start(
                        self.store, 4, "--commits", 100, snapshot_every=9,
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))) as running:
                    ended = running.end()
                acknowledged.add(ended.output)
                self.assertIn(ended.status, (0, 74, 75), ended.errors)
                self.assertEqual(ended.errors, b"")
                self.assertLessEqual(set(acknowledged.errors), {"io_failure"})
                self.assertEqual(ended.status == 0, acknowledged.count == 400, acknowledged.errors)
                if acknowledged.count:
                    acknowledged.check(self, self.store)
                if ended.status == 0:
                    done.append(limit)
                shutil.rmtree(self.store, ignore_errors=True)
        self.assertIn(32, done)
