package interop

import (
	"context"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/apimachinery/lease"
	"k8s.io/utils/clock"
)

// owned does to a lease what a kubelet does to that of its node.
func owned(lease *coordinationv1.Lease) error {
	if len(lease.OwnerReferences) == 0 {
		owner := metav1.OwnerReference{APIVersion: "v1", Kind: "Node", Name: lease.Name, UID: "a-node"}
		lease.OwnerReferences = []metav1.OwnerReference{owner}
	}
	return nil
}

func TestTheLeaseControllerOfKubeletsKeepsALease(t *testing.T) {
	ctx, leases := leasesOf(t)
	failed := func() { t.Log("a heartbeat failed again") }
	controller := lease.NewController(
		clock.RealClock{}, newClient(t), "node-1", 40, failed, 100*time.Millisecond, "node-1", namespaceOf(t), owned)
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		controller.Run(running)
	}()
	defer func() {
		stop()
		<-ended
	}()

	var first *coordinationv1.Lease
	eventually(t, "the lease is there", func() bool {
		read, err := leases.Get(ctx, "node-1", metav1.GetOptions{})
		first = read
		return err == nil
	})
	if *first.Spec.HolderIdentity != "node-1" || *first.Spec.LeaseDurationSeconds != 40 || len(first.OwnerReferences) != 1 {
		t.Fatalf("the lease is %+v", first)
	}
	if first.Spec.AcquireTime != nil || first.Spec.LeaseTransitions != nil {
		t.Fatalf("nobody wrote these: %+v", first.Spec)
	}
	eventually(t, "it is renewed", func() bool {
		now, err := leases.Get(ctx, "node-1", metav1.GetOptions{})
		return err == nil && now.UID == first.UID && now.Spec.RenewTime.After(first.Spec.RenewTime.Time)
	})

	if err := leases.Delete(ctx, "node-1", metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	eventually(t, "it is made again after it was deleted", func() bool {
		now, err := leases.Get(ctx, "node-1", metav1.GetOptions{})
		return err == nil && now.UID != first.UID
	})
}

func TestAPIServersDeleteTheirLeaseAtStartAndStop(t *testing.T) {
	ctx, leases := leasesOf(t)
	before, err := leases.Create(ctx, leaseOf("apiserver", fullSpec()), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	controller := lease.NewController(
		clock.RealClock{}, newClient(t), "apiserver_1", 3600, func() {}, time.Second, "apiserver", namespaceOf(t), nil)
	stop := make(chan struct{})
	if err := controller.Start(stop); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the lease is a new one", func() bool {
		now, err := leases.Get(ctx, "apiserver", metav1.GetOptions{})
		return err == nil && now.UID != before.UID && *now.Spec.HolderIdentity == "apiserver_1"
	})
	close(stop)
	controller.Stop()
	if _, err := leases.Get(ctx, "apiserver", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Fatalf("after the stop: %v", err)
	}
}
