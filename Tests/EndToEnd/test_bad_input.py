"""Bad input of every kind: the exit code, one clear line, and nothing stored that should not be."""

import json
import os
import socket
import subprocess

import events
import tool
from case import Case

UNKNOWN = "Order/00000000-0000-4000-8000-000000000000"
NOBODY = 65534


class BadLineTests(Case):
    """A line that is no commit ends the run with 65; what stands before it is stored, nothing behind it."""

    def check_line(self, bad, code, *says):
        data = events.line(1) + bad.rstrip(b"\n") + b"\n" + events.line(3)
        ended = tool.run("append", self.store, input=data)
        self.assert_refused(ended, 65, "line 2", code, *says)
        first, second = ended.objects
        self.assertEqual((first["line"], first["version"]), (1, 1))
        self.assertEqual((second["line"], second["error"]["code"]), (2, code))
        self.assertEqual([event["event_id"][-1] for event in map(json.loads, self.export().splitlines())], ["1"])
        self.assert_sound()

        # With --keep-going the lines behind it are stored, too.
        going = self.path("going.strata")
        ended = tool.run("append", going, "--keep-going", input=data)
        self.assert_refused(ended, 65, "line 2")
        self.assertEqual([report["line"] for report in ended.objects], [1, 2, 3])
        self.assertEqual(len(self.export(going).splitlines()), 2)

        # In text the line has its number, its code and its message, too.
        text = self.path("text.strata")
        ended = tool.run("append", text, "--format", "text", input=data)
        self.assertEqual(ended.status, 65)
        self.assertRegex(ended.lines[-1].decode(), rf"^line 2: {code}: ")

    def test_bad_json(self):
        self.check_line(b"{", "invalid_json")

    def test_json_that_is_no_object(self):
        self.check_line(b'["an", "array"]', "invalid_field")

    def test_json_with_something_behind_it(self):
        self.check_line(events.line(2).rstrip() + b" x", "invalid_json")

    def test_json_that_nests_too_deep(self):
        self.check_line(events.line(2, data="[" * 100_000 + "]" * 100_000), "invalid_json")

    def test_bad_json_inside_data(self):
        for data in ("nan", "01", '"\\x"', "[1,]", "{'a':1}", '"\t"'):
            with self.subTest(data=data):
                self.store = self.path(f"{data.encode().hex()}.strata")
                self.setUpStores()
                self.check_line(events.line(2, data=data), "invalid_json")

    def setUpStores(self):
        for name in ("going.strata", "text.strata"):
            subprocess.run(["rm", "-rf", self.path(name)], check=True)

    def test_bad_uuids(self):
        for fields in ({"event_id": "no-uuid"}, {"aggregate_id": "5bbd93f20ad75d8c9c97000000000000"},
                       {"event_id": ""}, {"aggregate_id": "{5bbd93f2-0ad7-5d8c-9c97-000000000000}"}):
            with self.subTest(fields=fields):
                self.store = self.path(f"{len(os.listdir(self.folder))}.strata")
                self.setUpStores()
                self.check_line(events.line(2, **fields), "invalid_uuid", next(iter(fields)))

    def test_bad_dates(self):
        for date in ("yesterday", "2026-01-15", "2026-02-30T00:00:00Z", "2026-01-15T10:30:45", "2026-01-15T25:00:00Z",
                     "2026-01-15T10:30:45+25:00", ""):
            with self.subTest(date=date):
                self.store = self.path(f"{date or 'empty'}.strata")
                self.setUpStores()
                self.check_line(events.line(2, occurred_at=date), "invalid_date", "occurred_at")

    def test_missing_fields(self):
        for field in ("aggregate_type", "aggregate_id", "event_id", "event_type", "occurred_at"):
            with self.subTest(field=field):
                self.store = self.path(f"{field}.strata")
                self.setUpStores()
                self.check_line(events.line(2, **{field: None}), "missing_field", field)

    def test_missing_data(self):
        self.check_line(events.line(2).replace(b',"data":{"n":2}', b"").replace(b', "data": {"n": 2}', b"").replace(
            b',"data":{"n": 2}', b""), "missing_field", "data")

    def test_an_unknown_field(self):
        self.check_line(events.line(2, colour="red"), "unknown_field", "colour")

    def test_a_field_that_stands_twice(self):
        self.check_line(
            events.line(2).replace(b'{"aggregate_type"', b'{"event_type":"A","aggregate_type"'), "duplicate_field")

    def test_wrong_types(self):
        for fields in ({"event_type": 7}, {"event_id": 7}, {"aggregate_type": []}, {"occurred_at": 1768470000},
                       {"metadata": "x"}, {"metadata": {"tenant_id": 7}}, {"expected_version": "soon"},
                       {"expected_version": -1}, {"expected_version": 1.5}, {"schema_version": "1"}):
            with self.subTest(fields=fields):
                self.store = self.path(f"{len(os.listdir(self.folder))}.strata")
                self.setUpStores()
                self.check_line(events.line(2, **fields), "invalid_field")

    def test_stream_names_that_are_none(self):
        names = ({"aggregate_type": "a/b"}, {"aggregate_type": ""}, {"aggregate_type": " a"},
                 {"aggregate_type": "a\n"}, {"aggregate_type": "x" * 256})
        for fields in names:
            with self.subTest(fields=fields):
                self.store = self.path(f"{len(os.listdir(self.folder))}.strata")
                self.setUpStores()
                self.check_line(events.line(2, **fields), "invalid_stream")
        for number, name in enumerate(("Order", "Order/", "/Order", "a/b/5bbd93f2-0ad7-5d8c-9c97-000000000000", "")):
            with self.subTest(name=name):
                self.store = self.path(f"commit-{number}.strata")
                self.setUpStores()
                event = '{"event_id":"00000000-0000-4000-8000-000000000002","event_type":"A",' \
                    '"occurred_at":"2026-01-15T10:30:45Z","data":1}'
                self.check_line(f'{{"stream":"{name}","events":[{event}]}}'.encode(), "invalid_stream")

    def test_a_commit_without_events(self):
        self.check_line(f'{{"stream":"{events.stream(1)}","events":[]}}'.encode(), "empty_append")

    def test_an_event_twice_in_a_commit(self):
        event = '{"event_id":"00000000-0000-4000-8000-000000000002","event_type":"A",' \
            '"occurred_at":"2026-01-15T10:30:45Z","data":1}'
        self.check_line(
            f'{{"stream":"{events.stream(1)}","events":[{event},{event}]}}'.encode(), "duplicate_event_id")

    def test_an_oversized_payload(self):
        limit = 16 << 20
        self.check_line(events.line(2, data='"' + "x" * (limit - 1) + '"'), "limit_exceeded")
        self.fill(events.line(2, data='"' + "x" * (limit - 2) + '"'), self.path("largest.strata"))

    def test_oversized_metadata(self):
        self.check_line(events.line(2, metadata={"actor": "x" * (64 << 10)}), "limit_exceeded")

    def test_invalid_utf8(self):
        for name, wrong in (("byte", b"\xff"), ("overlong", b"\xc0\xaf"), ("surrogate", b"\xed\xa0\x80"),
                            ("cut", b"\xe2\x82")):
            with self.subTest(name=name):
                self.store = self.path(f"{name}.strata")
                self.setUpStores()
                self.check_line(events.line(2, data='"?"').replace(b"?", wrong), "invalid_utf8", "UTF-8")

    def test_control_characters_reach_no_terminal(self):
        ended = tool.run("append", self.store, input=events.line(1, **{"\x1b[31mred": 1}))
        self.assertEqual(ended.status, 65)
        self.assertNotIn(b"\x1b", ended.errors + ended.output)

    def test_empty_input(self):
        for data in (b"", b"\n", b" \n\t\r\n", b"\xef\xbb\xbf"):
            with self.subTest(data=data):
                ended = tool.run("append", self.store, input=data)
                self.assert_refused(ended, 65, "no events")
                self.assertEqual(ended.output, b"")


class BadPlaceTests(Case):
    """What a command names is not there, or not what it should be."""

    READING = ("export", "stats", "verify", "read --all", "snapshots list", "snapshots show " + UNKNOWN)

    def look(self, store, **options):
        """What every command that reads a store says of it."""
        ended = []
        for words in map(str.split, self.READING):
            where = 2 if words[0] == "snapshots" else 1
            ended.append(tool.run(*words[:where], store, *words[where:], **options))
        return ended

    def append(self, store, **options):
        return tool.run("append", store, input=events.line(1), **options)

    def test_no_such_store(self):
        for ended in self.look(self.store):
            self.assert_refused(ended, 74, "s.strata")
            self.assertEqual(ended.output, b"")
        self.assertFalse(os.path.exists(self.store))

    def test_no_such_input_file(self):
        self.assert_refused(tool.run("append", self.store, self.path("none.ndjson")), 74, "none.ndjson")
        self.assertFalse(os.path.exists(self.store))

    def test_a_directory_as_input(self):
        self.assert_refused(tool.run("append", self.store, self.folder), 74, self.folder)

    def test_no_such_segment(self):
        self.assert_refused(tool.run("inspect", self.path("none.seg")), 74, "none.seg")

    def test_a_segment_that_is_none(self):
        for name, content in (("empty", b""), ("text", b"hello\n" * 100)):
            with open(self.path(name), "wb") as file:
                file.write(content)
            self.assert_refused(tool.run("inspect", self.path(name)), 65, name)

    def test_a_directory_that_is_no_store(self):
        os.mkdir(self.store)
        with open(os.path.join(self.store, "notes.txt"), "w") as file:
            file.write("mine")
        for ended in [*self.look(self.store), self.append(self.store)]:
            self.assert_refused(ended, 65, "s.strata", "not a store")
        self.assertEqual(os.listdir(self.store), ["notes.txt"])

    def test_a_file_in_the_place_of_the_directory(self):
        with open(self.store, "w") as file:
            file.write("mine")
        for ended in [*self.look(self.store), self.append(self.store)]:
            self.assert_refused(ended, 65, "s.strata")
        with open(self.store) as file:
            self.assertEqual(file.read(), "mine")

    def test_a_fifo_and_a_socket_in_the_place_of_files(self):
        self.fill(events.line(1))
        for name in ("MANIFEST", "LOCK"):
            with self.subTest(name=name):
                path = os.path.join(self.store, name)
                os.rename(path, path + ".kept")
                os.mkfifo(path)
                ended = self.append(self.store)
                self.assertNotIn(ended.status, (0, 64), ended.errors)
                self.assert_refused(ended, ended.status, name)
                os.rename(path + ".kept", path)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.path("socket"))
            self.assert_refused(self.append(self.path("socket")), 65, "socket")
        self.assert_sound()

    def test_a_newer_format(self):
        self.fill(events.line(1))
        manifest = os.path.join(self.store, "MANIFEST")
        with open(manifest, "r+b") as file:
            data = bytearray(file.read())
            data[8:10] = (99).to_bytes(2, "little")
            # A newer writer's checksum is right, and stands where it stands today; see Docs/Format.md.
            data[12:16] = events.crc32c(data[:12] + data[16:]).to_bytes(4, "little")
            file.seek(0)
            file.write(data)
        before = self.digests()
        for ended in [*self.look(self.store), self.append(self.store)]:
            self.assert_refused(ended, 65, "MANIFEST", "version")
            self.assertIn(b"99", ended.errors)
        self.assertEqual(self.digests(), before)

    def test_a_damaged_manifest(self):
        self.fill(events.line(1))
        manifest = os.path.join(self.store, "MANIFEST")
        with open(manifest, "r+b") as file:
            file.seek(20)
            byte = file.read(1)
            file.seek(20)
            file.write(bytes([byte[0] ^ 4]))
        before = self.digests()
        for ended in [*self.look(self.store), self.append(self.store)]:
            self.assert_refused(ended, 1, "MANIFEST")
        self.assertEqual(self.digests(), before)

    def test_a_missing_segment(self):
        self.fill(events.line(1))
        os.remove(self.segment())
        for ended in [self.append(self.store), tool.run("verify", self.store)]:
            self.assertIn(ended.status, (1, 74))
            self.assert_refused(ended, ended.status)
        self.assertFalse(os.path.exists(self.segment()))

    def test_an_unknown_stream(self):
        self.fill(events.line(1))
        for arguments in (["read", self.store, "--stream", UNKNOWN], ["snapshots", "show", self.store, UNKNOWN]):
            with self.subTest(arguments=arguments):
                ended = tool.run(*arguments)
                self.assert_refused(ended, 65, UNKNOWN)
                self.assertEqual(ended.output, b"")

    def test_no_parent(self):
        self.assert_refused(self.append(self.path("no/such/s.strata")), 73, "no/such/s.strata")
        self.assert_refused(tool.run("demo", "--store", self.path("no/such/s.strata")), 73, "no/such/s.strata")

    def test_a_file_as_parent(self):
        with open(self.path("file"), "w"):
            pass
        ended = self.append(self.path("file/s.strata"))
        self.assertIn(ended.status, (73, 74))
        self.assert_refused(ended, ended.status, "file/s.strata")

    def test_a_read_only_file_system(self):
        disk = self.mount("8m")
        self.store = os.path.join(disk, "s.strata")
        self.fill(events.lines(range(1, 101)))
        export = self.export()
        self.remount(disk, "ro")
        self.assert_refused(self.append(self.store), 77, "s.strata", "Read-only file system")
        self.assertEqual(self.export(), export)
        self.assert_sound()
        self.assert_refused(self.append(os.path.join(disk, "new.strata")), 73, "new.strata", "Read-only file system")


class PermissionTests(Case):
    """As a user who may not do it; root drops to nobody for that."""

    def setUp(self):
        super().setUp()
        self.user = {}
        if os.geteuid() == 0:
            self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            probe = None
            try:
                probe = subprocess.run([tool.PATH, "--version"], capture_output=True, **self.user)
            except PermissionError:
                pass
            if probe is None or probe.returncode != 0:
                self.skipTest(f"nobody may not run {tool.PATH}")
        self.open = self.path("open")
        os.mkdir(self.open)
        os.chmod(self.open, 0o777)
        os.chmod(self.folder, 0o755)
        self.store = os.path.join(self.open, "s.strata")
        self.assertEqual(self.append(self.store).status, 0)

    def append(self, store, number=1):
        return tool.run("append", store, input=events.line(number), **self.user)

    def forbid(self, path, mode):
        before = os.stat(path).st_mode
        os.chmod(path, mode)
        self.addCleanup(os.chmod, path, before)

    def test_a_parent_in_which_nothing_may_be_made(self):
        self.forbid(self.open, 0o555)
        store = os.path.join(self.open, "new.strata")
        self.assert_refused(self.append(store), 73, "new.strata", "Permission denied")

    def test_a_parent_that_may_not_be_entered(self):
        self.forbid(self.open, 0o000)
        for command in ("export", "verify"):
            self.assert_refused(tool.run(command, self.store, **self.user), 77, "s.strata", "Permission denied")
        self.assert_refused(self.append(self.store), 77, "s.strata", "Permission denied")

    def test_a_store_that_may_not_be_entered(self):
        self.forbid(self.store, 0o000)
        for command in ("export", "stats", "verify"):
            self.assert_refused(tool.run(command, self.store, **self.user), 77, "s.strata", "Permission denied")
        self.assert_refused(self.append(self.store), 77, "s.strata", "Permission denied")

    def test_a_segment_that_may_not_be_read(self):
        self.forbid(self.segment(), 0o000)
        for command in ("export", "stats", "verify"):
            with self.subTest(command=command):
                self.assert_refused(tool.run(command, self.store, **self.user), 77, "Permission denied")
        self.assert_refused(tool.run("inspect", self.segment(), **self.user), 77, "Permission denied")
        self.assert_refused(self.append(self.store, 2), 77, "Permission denied")

    def test_a_store_that_may_only_be_read(self):
        for place, folders, files in os.walk(self.store, topdown=False):
            for name in files:
                self.forbid(os.path.join(place, name), 0o444)
            self.forbid(place, 0o555)
        for command in ("export", "stats", "verify"):
            ended = tool.run(command, self.store, **self.user)
            self.assertEqual((ended.status, ended.errors), (0, b""), command)
        before = self.digests()
        self.assert_refused(self.append(self.store, 2), 77, "Permission denied")
        self.assertEqual(self.digests(), before)

    def test_an_input_that_may_not_be_read(self):
        with open(self.path("input.ndjson"), "wb") as file:
            file.write(events.line(2))
        os.chmod(self.path("input.ndjson"), 0o000)
        ended = tool.run("append", self.store, self.path("input.ndjson"), **self.user)
        self.assert_refused(ended, 77, "input.ndjson", "Permission denied")


class UsageTests(Case):
    def test_wrong_usage(self):
        for arguments in (
            [], ["s"], ["append"], ["export"], ["read", "s"], ["read", "s", "--all", "--type", "A"],
            ["read", "s", "--all", "--limit", "x"], ["read", "s", "--all", "--limit", "-1"],
            ["read", "s", "--stream", "Order"], ["read", "s", "--stream", "a/b/c"],
            ["read", "s", "--stream", "Order/not-a-uuid"], ["read", "s", "--type", "a/b"], ["read", "s", "--type", ""],
            ["read", "s", "--type", "A", "--since", "yesterday"], ["stats", "s", "--format", "xml"],
            ["append", "s", "-", "more"], ["snapshots", "show", "s"], ["snapshots", "show", "s", "Order"],
            ["demo", "--in-memory", "--store", "s"], ["export", "s", "--nonsense"],
        ):
            with self.subTest(arguments=arguments):
                ended = tool.run(*arguments, cwd=self.folder)
                if not arguments:
                    # Nothing was asked for: help, which is no error.
                    self.assertEqual((ended.status, ended.errors), (0, b""))
                    continue
                self.assert_refused(ended, 64)
                self.assertEqual(ended.output, b"")
        self.assertEqual(os.listdir(self.folder), [])

    def test_help_for_every_command(self):
        for arguments in ([], ["demo"], ["append"], ["export"], ["read"], ["stats"], ["verify"], ["inspect"],
                          ["snapshots"], ["snapshots", "list"], ["snapshots", "show"]):
            with self.subTest(arguments=arguments):
                help_text = self.succeed(*arguments, "--help").output
                self.assertIn(b"USAGE: strata", help_text)
        self.assertIn(b"75 locked", " ".join(self.succeed("--help").output.decode().split()).encode())

    def test_closed_standard_descriptors_harm_no_file(self):
        """A file that is opened next must not come to stand in for standard output or standard error."""
        self.fill(events.line(1))
        before = self.digests()
        for closed in ("<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&-", "<&- >&- 2>&-"):
            for command in ("export", "verify", "append"):
                with self.subTest(closed=closed, command=command):
                    ended = subprocess.run(
                        ["sh", "-c", f'"$0" {command} "$1" {closed}', tool.PATH, self.store], input=events.line(1),
                        capture_output=True, timeout=tool.TIME_LIMIT)
                    self.assertEqual(self.digests(), before)
                    with open(os.path.join(self.store, "LOCK")) as file:
                        self.assertRegex(file.read(), r"\A\d+\n\Z")
                    if ">&-" in closed.split() and command != "append":
                        self.assertEqual(ended.returncode, 74)
                        if "2>&-" not in closed:
                            self.assertEqual(ended.stderr, b"strata: standard output: Bad file descriptor\n")
