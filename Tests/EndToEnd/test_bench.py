"""The self-test of a user's disk."""

import json
import os

import tool
from case import Case


class Bench(Case):
    def test_measures_on_a_store_of_its_own_and_leaves_nothing(self):
        ended = self.succeed("bench", "--store", self.store, "--seconds", "0.05")
        figures = json.loads(ended.output)
        self.assertEqual(
            list(figures), ["append_1", "append_10", "append_100", "batch_100", "read_stream", "read_feed", "open"]
        )
        for name, figure in figures.items():
            self.assertGreater(figure["milliseconds" if name == "open" else "events_per_second"], 0, name)
        for name in ["append_1", "append_10", "append_100", "batch_100"]:
            self.assertLessEqual(figures[name]["median_latency_us"], figures[name]["p99_latency_us"], name)
        self.assertFalse(os.path.exists(self.store))

    def test_shows_a_table_to_people(self):
        ended = self.succeed("bench", "--store", self.store, "--seconds", "0.05", "--format", "text")
        self.assertIn("durable appends, 100 at once", ended.output.decode())

    def test_touches_no_store_that_is_there(self):
        self.fill(b'{"aggregate_type":"A","aggregate_id":"550e8400-e29b-41d4-a716-446655440000",'
                  b'"event_id":"550e8400-e29b-41d4-a716-446655440001","event_type":"E",'
                  b'"occurred_at":"2026-01-15T10:30:45Z","data":{}}\n')
        before = self.export()
        self.assert_refused(tool.run("bench", "--store", self.store), 73, "exists already")
        self.assertEqual(self.export(), before)
