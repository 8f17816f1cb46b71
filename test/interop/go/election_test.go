package interop

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// candidate is one process that wants to lead, as far as client-go knows.
type candidate struct {
	leads  atomic.Bool
	cancel context.CancelFunc
	ended  chan struct{}
}

const leaseDuration = 4 * time.Second

// stand lets somebody of that name stand for the lease `leader`.
func stand(t *testing.T, identity string, releases bool) *candidate {
	t.Helper()
	client := newClient(t)
	ctx, cancel := context.WithCancel(context.Background())
	one := &candidate{cancel: cancel, ended: make(chan struct{})}
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: namespaceOf(t), Name: "leader"},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
		},
		LeaseDuration:   leaseDuration,
		RenewDeadline:   3 * time.Second,
		RetryPeriod:     250 * time.Millisecond,
		ReleaseOnCancel: releases,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { one.leads.Store(true) },
			OnStoppedLeading: func() { one.leads.Store(false) },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(one.ended)
		elector.Run(ctx)
	}()
	t.Cleanup(one.stop)
	return one
}

func (one *candidate) stop() {
	one.cancel()
	<-one.ended
}

func TestTheNextLeadsOnceTheLeasesTimeIsOver(t *testing.T) {
	ctx, leases := leasesOf(t)
	first := stand(t, "first", false)
	eventually(t, "the first leads", first.leads.Load)
	second := stand(t, "second", false)
	lease, err := leases.Get(ctx, "leader", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// It keeps the lease for longer than that lasts, since it renews it.
	eventually(t, "the first renewed its lease again and again", func() bool {
		now, err := leases.Get(ctx, "leader", metav1.GetOptions{})
		return err == nil && now.Spec.RenewTime.Sub(lease.Spec.RenewTime.Time) > leaseDuration
	})
	if second.leads.Load() {
		t.Fatal("both lead")
	}
	first.stop()
	stopped := time.Now()
	eventually(t, "the second leads", second.leads.Load)
	if waited := time.Since(stopped); waited < leaseDuration/2 {
		t.Fatalf("the second led after %v, before the lease's time was over", waited)
	}
	now, err := leases.Get(ctx, "leader", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if *now.Spec.HolderIdentity != "second" || *now.Spec.LeaseTransitions != 1 || now.UID != lease.UID {
		t.Fatalf("the lease is %+v", now)
	}
}

func TestAReleaseHandsOverAtOnce(t *testing.T) {
	ctx, leases := leasesOf(t)
	first := stand(t, "first", true)
	eventually(t, "the first leads", first.leads.Load)
	first.stop()
	released, err := leases.Get(ctx, "leader", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if *released.Spec.HolderIdentity != "" || *released.Spec.LeaseDurationSeconds != 1 {
		t.Fatalf("the released lease is %+v", released.Spec)
	}
	if state := released.Annotations["leasehold.dev/state"]; state != "released" {
		t.Fatalf("its state is %q", state)
	}
	second := stand(t, "second", true)
	eventually(t, "the second leads", second.leads.Load)
	third := stand(t, "third", true)
	handed := time.Now()
	second.stop()
	eventually(t, "the third leads", third.leads.Load)
	if waited := time.Since(handed); waited > leaseDuration {
		t.Logf("the third led only after %v: a loaded machine", waited)
	}
}

func TestALeaderWhoseLeaseIsDeletedMakesItAgain(t *testing.T) {
	ctx, leases := leasesOf(t)
	first := stand(t, "first", true)
	eventually(t, "the first leads", first.leads.Load)
	before, err := leases.Get(ctx, "leader", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := leases.Delete(ctx, "leader", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the lease is there again", func() bool {
		now, err := leases.Get(ctx, "leader", metav1.GetOptions{})
		return err == nil && now.UID != before.UID && *now.Spec.HolderIdentity == "first"
	})
	if !first.leads.Load() {
		t.Fatal("the first does not lead any more")
	}
}
