"""Kubernetes' own Python client, unchanged, against a coordinator that runs elsewhere: LEASEHOLD_URL is its HTTP listener."""

import os
import threading
import time
import unittest
from datetime import datetime, timezone

from kubernetes import client, dynamic, watch
from kubernetes.client.rest import ApiException
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.leaselock import LeaseLock

# How long a test waits for anything: tests run on loaded machines.
BOUND_S = 60


def eventually(test, what, condition):
    end = time.monotonic() + BOUND_S
    while not condition():
        if time.monotonic() > end:
            test.fail(f"within {BOUND_S} s it did not come true that {what}")
        time.sleep(0.02)


class Interop(unittest.TestCase):
    def setUp(self):
        configuration = client.Configuration()
        configuration.host = os.environ["LEASEHOLD_URL"]
        client.Configuration.set_default(configuration)
        self.api = client.CoordinationV1Api()
        self.namespace = self.id().rsplit(".", 1)[-1].replace("_", "-")

    def lease(self, name, **spec):
        return client.V1Lease(metadata=client.V1ObjectMeta(name=name), spec=client.V1LeaseSpec(**spec))

    def create(self, name, **spec):
        return self.api.create_namespaced_lease(self.namespace, self.lease(name, **spec))

    def refused(self, code, call, *args, **options):
        with self.assertRaises(ApiException) as refusal:
            call(*args, **options)
        self.assertEqual(refusal.exception.status, code)

    def test_a_lease_is_created_read_replaced_and_deleted(self):
        renew_time = datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=timezone.utc)
        created = self.create("a", holder_identity="me", lease_duration_seconds=900, renew_time=renew_time)
        read = self.api.read_namespaced_lease("a", self.namespace)
        self.assertEqual(read, created)
        self.assertEqual(read.spec.renew_time, renew_time)
        read.spec.renew_time = datetime.now(timezone.utc)
        replaced = self.api.replace_namespaced_lease("a", self.namespace, read)
        self.assertEqual(replaced.spec.renew_time, read.spec.renew_time)
        self.refused(409, self.api.replace_namespaced_lease, "a", self.namespace, read)
        self.refused(409, self.create, "a")
        self.assertEqual(self.api.delete_namespaced_lease("a", self.namespace)["status"], "Success")
        self.refused(404, self.api.read_namespaced_lease, "a", self.namespace)

    def test_a_patch_is_a_merge_or_a_list_of_operations(self):
        self.create("a", holder_identity="me")
        merged = self.api.patch_namespaced_lease("a", self.namespace, {"metadata": {"labels": {"app": "one"}}})
        self.assertEqual(merged.metadata.labels, {"app": "one"})
        operations = [{"op": "replace", "path": "/spec/holderIdentity", "value": "you"}]
        self.assertEqual(self.api.patch_namespaced_lease("a", self.namespace, operations).spec.holder_identity, "you")

    def test_leases_are_listed_in_pages_and_deleted_together(self):
        for name in "abcde":
            self.create(name)
        names, token = [], None
        while token != "":
            page = self.api.list_namespaced_lease(self.namespace, limit=2, **({"_continue": token} if token else {}))
            names += [lease.metadata.name for lease in page.items]
            token = page.metadata._continue or ""
        self.assertEqual(names, list("abcde"))
        self.api.delete_collection_namespaced_lease(self.namespace, field_selector="metadata.name!=c")
        self.assertEqual([lease.metadata.name for lease in self.api.list_namespaced_lease(self.namespace).items], ["c"])

    def test_a_watch_tells_each_change(self):
        version = self.api.list_namespaced_lease(self.namespace).metadata.resource_version
        self.create("a", holder_identity="me")
        self.api.patch_namespaced_lease("a", self.namespace, {"spec": {"holderIdentity": "you"}})
        self.api.delete_namespaced_lease("a", self.namespace)
        told = []
        watching = watch.Watch()
        for event in watching.stream(
            self.api.list_namespaced_lease, self.namespace, resource_version=version, timeout_seconds=BOUND_S
        ):
            told.append((event["type"], event["object"].metadata.name))
            if len(told) == 3:
                watching.stop()
        self.assertEqual(told, [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")])

    def test_a_client_that_knows_no_kinds_finds_leases_by_discovery(self):
        leases = dynamic.DynamicClient(client.ApiClient()).resources.get(
            api_version="coordination.k8s.io/v1", kind="Lease"
        )
        body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "a"}, "spec": {}}
        leases.create(body=body, namespace=self.namespace)
        body["spec"]["holderIdentity"] = "me"
        applied = leases.server_side_apply(body=body, namespace=self.namespace, name="a", field_manager="test")
        self.assertEqual(applied.spec.holderIdentity, "me")
        self.assertEqual(len(leases.get(namespace=self.namespace).items), 1)

    def test_the_next_leads_once_the_leases_time_is_over(self):
        first, second = Candidate(self, "first"), Candidate(self, "second")
        first.start()
        eventually(self, "the first leads", first.leads.is_set)
        second.start()
        before = self.api.read_namespaced_lease("leader", self.namespace).spec
        eventually(
            self,
            "it renewed its lease for longer than that lasts",
            lambda: (
                self.api.read_namespaced_lease("leader", self.namespace).spec.renew_time - before.renew_time
            ).total_seconds()
            > 5,
        )
        self.assertFalse(second.leads.is_set())
        first.is_cut_off.set()
        eventually(self, "the first stopped leading", first.stopped.is_set)
        eventually(self, "the second leads", second.leads.is_set)
        self.assertEqual(self.api.read_namespaced_lease("leader", self.namespace).spec.holder_identity, "second")
        second.is_cut_off.set()
        eventually(self, "the second stopped leading", second.stopped.is_set)


class Candidate(threading.Thread):
    """Stands for the lease `leader` until it is cut off."""

    def __init__(self, test, identity):
        super().__init__(daemon=True)
        self.leads, self.stopped, self.is_cut_off = threading.Event(), threading.Event(), threading.Event()
        lock = LeaseLock("leader", test.namespace, identity)
        update = lock.update
        lock.update = lambda *args: not self.is_cut_off.is_set() and update(*args)
        self.election = leaderelection.LeaderElection(
            electionconfig.Config(
                lock,
                lease_duration=4,
                renew_deadline=3,
                retry_period=1,
                onstarted_leading=self.leads.set,
                onstopped_leading=self.stopped.set,
            )
        )

    def run(self):
        self.election.run()


if __name__ == "__main__":
    unittest.main(verbosity=2)
