"""The demo: what the reference document shows, on the file store and in memory."""

import json
import re
import shlex
import subprocess

import tool
from case import Case

# The reference document's expected output, indented as its print statements indent. "..." is the document's own.
EXPECTED = """
============================================================
BASIC SNAPSHOTTING EXAMPLE
============================================================
Order version after save: 5
Snapshot exists: True
Snapshot version: 5
Snapshot state keys: ['order_id', 'customer_id', 'customer_email', 'items', 'status', 'total_amount']

Loading order from snapshot...
Loaded order version: 5
Loaded order items: 4
Loaded order status: created

============================================================
MANUAL SNAPSHOT EXAMPLE
============================================================
Snapshot after save: False

Creating manual snapshot...
Manual snapshot created at version: 11
Post-submission snapshot at version: 12

============================================================
BACKGROUND SNAPSHOT EXAMPLE
============================================================
Saving order (snapshot will be created in background)...
Save completed. Pending snapshots: 1
Waited for 1 background snapshot(s)
Snapshot exists: True

============================================================
SCHEMA VERSIONING EXAMPLE
============================================================
Snapshot created with schema_version: 1

Loading with schema_version=2...
Loaded successfully via full event replay
Loaded version: 3
Loaded items: 2

============================================================
PERFORMANCE COMPARISON EXAMPLE
============================================================
Creating order with 200 item events...
Order saved. Version: 201
Snapshot at version: 200

Loading WITHOUT snapshot...
Average load time: 15.23ms

Loading WITH snapshot...
Average load time: 1.45ms

Performance improvement: 90.5%

============================================================
SNAPSHOT INSPECTION EXAMPLE
============================================================
Snapshot Details:
  Aggregate ID: 550e8400-e29b-41d4-a716-446655440000
  Aggregate Type: Order
  Version: 3
  Schema Version: 1
  Created At: 2024-01-15 10:30:45.123456+00:00

Snapshot State:
  order_id: 550e8400-e29b-41d4-a716-446655440000
  customer_id: 661f9511-f30c-52e5-b827-557766551111
  customer_email: customer@example.com
  items: [2 items]
    [0]: {'product_id': '...', 'product_name': 'Premium Widget', ...}
    [1]: {'product_id': '...', 'product_name': 'Basic Widget', ...}
  status: created
  total_amount: 0.0

============================================================
ALL EXAMPLES COMPLETED
============================================================
"""

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NORMALISED = [
    (rf"(\{{'product_id': )'(?:{UUID}|\.\.\.)'(, 'product_name': '[^']*', )"
     r"(?:'quantity': \d+, 'unit_price': \d+\.\d+|\.\.\.)\}", r"\1<uuid>\2<rest>}"),
    (UUID, "<uuid>"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00", "<timestamp>"),
    (r"\b\d+\.\d\dms", "<duration>"),
    (r"-?\b\d+\.\d%", "<percentage>"),
]


def normalised(text):
    for pattern, replacement in NORMALISED:
        text = re.sub(pattern, replacement, text)
    return [line for line in text.splitlines() if line.strip()]


class DemoTests(Case):
    maxDiff = None

    def run_demo(self, *arguments):
        ended = tool.run("demo", *arguments, cwd=self.folder)
        self.assertEqual(ended.status, 0, ended.errors)
        return ended

    def test_prints_what_the_document_shows_on_the_file_store(self):
        ended = self.run_demo("--store", self.store)
        self.assertEqual(normalised(ended.output.decode()), normalised(EXPECTED))

    def test_prints_what_the_document_shows_in_memory(self):
        ended = self.run_demo("--in-memory")
        self.assertEqual(normalised(ended.output.decode()), normalised(EXPECTED))
        self.assertEqual(tool.run("stats", self.path("strata-demo.strata")).status, 74)

    def test_json_holds_the_same_lines(self):
        ended = self.run_demo("--store", self.store, "--format", "json").object
        self.assertEqual(normalised("\n".join(ended["output"])), normalised(EXPECTED))
        self.assertGreater(ended["events"], 200)

    def test_runs_with_the_settings_for_production(self):
        for place in (["--store", self.store], ["--in-memory"]):
            with self.subTest(place=place):
                errors = self.run_demo(*place).errors.decode()
                self.assertIn("PRODUCTION SETTINGS", errors)
                self.assertIn("Snapshot at version: 100\n", errors)

    def test_the_commands_that_it_prints_look_into_its_store(self):
        for name in ("plain.strata", "it's a \"store\" $HOME.strata"):
            with self.subTest(name=name):
                errors = self.run_demo("--store", self.path(name)).errors.decode()
                commands = [line.strip() for line in errors.splitlines() if line.startswith("  ")]
                self.assertEqual([shlex.split(command)[1] for command in commands],
                                 ["stats", "read", "snapshots", "verify"])
                outputs = {}
                for command in commands:
                    ended = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60, cwd=self.folder)
                    self.assertEqual((ended.returncode, ended.stderr), (0, b""), command)
                    outputs[shlex.split(command)[1]] = [json.loads(line) for line in ended.stdout.splitlines()]
                self.assertEqual(outputs["verify"][0]["sound"], True)
                self.assertEqual(outputs["verify"][0]["events"], outputs["stats"][0]["events"])
                self.assertEqual(len(outputs["read"]), 10)
                self.assertEqual({event["aggregate_type"] for event in outputs["read"]}, {"Order"})
                versions = [snapshot["version"] for snapshot in outputs["snapshots"]]
                self.assertEqual(sorted(versions), sorted([5, 12, 5, 3, 200, 3, 100]))

    def test_a_snapshot_that_it_leaves_can_be_shown(self):
        self.run_demo("--store", self.store)
        listed = self.succeed("snapshots", "list", self.store).objects
        found = next(snapshot for snapshot in listed if snapshot["version"] == 200)
        stream = f"{found['aggregate_type']}/{found['aggregate_id']}"
        shown = self.succeed("snapshots", "show", self.store, stream).object
        self.assertEqual(len(shown["state"]["items"]), 199)

    def test_runs_a_second_time(self):
        first = self.run_demo()
        store = self.path("strata-demo.strata")
        before = self.export(store)
        second = self.run_demo()
        self.assertEqual(normalised(second.output.decode()), normalised(first.output.decode()))
        self.assertIn(b"exists already", second.errors)
        after = self.export(store)
        self.assertTrue(after.startswith(before))
        self.assertEqual(len(after.splitlines()), 2 * len(before.splitlines()))
        self.assert_sound(store)

    def test_adds_to_no_store_of_someone_else(self):
        self.run_demo("--store", self.store)
        before = self.digests()
        self.assert_refused(tool.run("demo", "--store", self.store), 73, "exists already")
        self.assertEqual(self.digests(), before)
