package interop

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/watch"
	coordinationapply "k8s.io/client-go/applyconfigurations/coordination/v1"
	"k8s.io/utils/ptr"
)

// The typed client sends and asks for protobuf unless it is told otherwise.

func fullSpec() coordinationv1.LeaseSpec {
	return coordinationv1.LeaseSpec{
		HolderIdentity:       ptr.To("me"),
		LeaseDurationSeconds: ptr.To[int32](900),
		AcquireTime:          ptr.To(metav1.NewMicroTime(time.Date(2026, 1, 2, 3, 4, 5, 6_000, time.UTC))),
		RenewTime:            ptr.To(metav1.NewMicroTime(time.Date(2026, 1, 2, 3, 5, 5, 123_456_000, time.UTC))),
		LeaseTransitions:     ptr.To[int32](3),
	}
}

func sameSpec(t *testing.T, got, want coordinationv1.LeaseSpec) {
	t.Helper()
	if !got.AcquireTime.Equal(want.AcquireTime) || !got.RenewTime.Equal(want.RenewTime) {
		t.Fatalf("times: got %v %v, want %v %v", got.AcquireTime, got.RenewTime, want.AcquireTime, want.RenewTime)
	}
	got.AcquireTime, got.RenewTime, want.AcquireTime, want.RenewTime = nil, nil, nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func TestALeaseIsCreatedReadUpdatedAndDeleted(t *testing.T) {
	ctx, leases := leasesOf(t)
	created, err := leases.Create(ctx, leaseOf("a", fullSpec(), "app=one"), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sameSpec(t, created.Spec, fullSpec())
	if _, err := leases.Create(ctx, leaseOf("a", fullSpec()), metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Fatalf("a second create: %v", err)
	}
	read, err := leases.Get(ctx, "a", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(read, created) {
		t.Fatalf("read %+v, created %+v", read, created)
	}
	renewed := read.DeepCopy()
	renewed.Spec.RenewTime = ptr.To(metav1.NewMicroTime(time.Now().Truncate(time.Microsecond)))
	updated, err := leases.Update(ctx, renewed, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sameSpec(t, updated.Spec, renewed.Spec)
	if _, err := leases.Update(ctx, renewed, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Fatalf("an update of an older version: %v", err)
	}
	wrong := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ptr.To(types.UID("another"))}}
	if err := leases.Delete(ctx, "a", wrong); !apierrors.IsConflict(err) {
		t.Fatalf("a delete of another: %v", err)
	}
	right := metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(read.UID))}
	if err := leases.Delete(ctx, "a", right); err != nil {
		t.Fatal(err)
	}
	if _, err := leases.Get(ctx, "a", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Fatalf("a get after the delete: %v", err)
	}
	if _, err := leases.Update(ctx, updated, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Fatalf("an update of what is gone: %v", err)
	}
	invalid := leaseOf("a", coordinationv1.LeaseSpec{LeaseDurationSeconds: ptr.To[int32](0)})
	if _, err := leases.Create(ctx, invalid, metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
		t.Fatalf("a duration of 0: %v", err)
	}
}

func TestEveryTypeOfPatch(t *testing.T) {
	ctx, leases := leasesOf(t)
	before, err := leases.Create(ctx, leaseOf("a", fullSpec()), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	after := before.DeepCopy()
	after.Spec.HolderIdentity = ptr.To("strategic")
	oldJSON, _ := json.Marshal(before)
	newJSON, _ := json.Marshal(after)
	strategic, err := strategicpatch.CreateTwoWayMergePatch(oldJSON, newJSON, coordinationv1.Lease{})
	if err != nil {
		t.Fatal(err)
	}
	patches := []struct {
		kind  types.PatchType
		patch []byte
		want  string
	}{
		{types.StrategicMergePatchType, strategic, "strategic"},
		{types.MergePatchType, []byte(`{"spec":{"holderIdentity":"merge"}}`), "merge"},
		{types.JSONPatchType, []byte(`[{"op":"replace","path":"/spec/holderIdentity","value":"json"}]`), "json"},
	}
	for _, each := range patches {
		patched, err := leases.Patch(ctx, "a", each.kind, each.patch, metav1.PatchOptions{})
		if err != nil {
			t.Fatalf("%s: %v", each.kind, err)
		}
		if *patched.Spec.HolderIdentity != each.want {
			t.Fatalf("%s: %+v", each.kind, patched.Spec)
		}
	}
	wanted := coordinationapply.Lease("b", namespaceOf(t)).WithSpec(coordinationapply.LeaseSpec().WithHolderIdentity("me"))
	applied, err := leases.Apply(ctx, wanted, metav1.ApplyOptions{FieldManager: "one"})
	if err != nil || *applied.Spec.HolderIdentity != "me" {
		t.Fatalf("apply: %+v %v", applied, err)
	}
	other := coordinationapply.Lease("b", namespaceOf(t)).WithSpec(coordinationapply.LeaseSpec().WithHolderIdentity("you"))
	if _, err := leases.Apply(ctx, other, metav1.ApplyOptions{FieldManager: "two"}); !apierrors.IsConflict(err) {
		t.Fatalf("apply by another: %v", err)
	}
	forced, err := leases.Apply(ctx, other, metav1.ApplyOptions{FieldManager: "two", Force: true})
	if err != nil || *forced.Spec.HolderIdentity != "you" {
		t.Fatalf("apply with force: %+v %v", forced, err)
	}
	extracted, err := coordinationapply.ExtractLease(forced, "two")
	if err != nil || extracted.Spec == nil || *extracted.Spec.HolderIdentity != "you" {
		t.Fatalf("what its manager owns: %+v %v", extracted, err)
	}
}

func TestLeasesAreListedInPagesAndDeletedTogether(t *testing.T) {
	ctx, leases := leasesOf(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		label := "parity=odd"
		if name == "b" || name == "d" {
			label = "parity=even"
		}
		if _, err := leases.Create(ctx, leaseOf(name, fullSpec(), label), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	var names string
	options := metav1.ListOptions{Limit: 2}
	for {
		page, err := leases.List(ctx, options)
		if err != nil {
			t.Fatal(err)
		}
		for _, lease := range page.Items {
			names += lease.Name
			sameSpec(t, lease.Spec, fullSpec())
		}
		if options.Continue = page.Continue; options.Continue == "" {
			break
		}
	}
	if names != "abcde" {
		t.Fatalf("the pages had %s", names)
	}
	if err := leases.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "parity=even"}); err != nil {
		t.Fatal(err)
	}
	left, err := leases.List(ctx, metav1.ListOptions{})
	if err != nil || len(left.Items) != 3 {
		t.Fatalf("left were %+v %v", left, err)
	}
	field, err := leases.List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=c"})
	if err != nil || len(field.Items) != 1 || field.Items[0].Name != "c" {
		t.Fatalf("selected by field were %+v %v", field, err)
	}
	if _, err := leases.List(ctx, metav1.ListOptions{FieldSelector: "spec.holderIdentity=me"}); !apierrors.IsBadRequest(err) {
		t.Fatalf("an unknown field: %v", err)
	}
}

func TestAWatchTellsEachChange(t *testing.T) {
	ctx, leases := leasesOf(t)
	list, err := leases.List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	watched, err := leases.Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer watched.Stop()
	created, err := leases.Create(ctx, leaseOf("a", fullSpec()), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	created.Spec.HolderIdentity = ptr.To("you")
	if _, err := leases.Update(ctx, created, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := leases.Delete(ctx, "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []watch.EventType{watch.Added, watch.Modified, watch.Deleted} {
		event := <-watched.ResultChan()
		lease, isLease := event.Object.(*coordinationv1.Lease)
		if event.Type != want || !isLease || lease.Name != "a" {
			t.Fatalf("got %+v, want %s", event, want)
		}
	}
	old, err := leases.Watch(ctx, metav1.ListOptions{ResourceVersion: "1"})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Stop()
	event := <-old.ResultChan()
	if event.Type != watch.Error || !apierrors.IsResourceExpired(apierrors.FromObject(event.Object)) {
		t.Fatalf("a watch from long ago: %+v", event)
	}
}
