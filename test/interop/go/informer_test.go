package interop

import (
	"context"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/features"
	featuretesting "k8s.io/client-go/features/testing"
	"k8s.io/client-go/informers"
	"k8s.io/utils/ptr"
)

func TestAnInformerThatStreamsItsList(t *testing.T) { informs(t, true) }

func TestAnInformerThatListsAndWatches(t *testing.T) { informs(t, false) }

func informs(t *testing.T, streams bool) {
	featuretesting.SetFeatureDuringTest(t, features.WatchListClient, streams)
	ctx, leases := leasesOf(t)
	client, namespace := newClient(t), namespaceOf(t)
	for _, name := range []string{"a", "b"} {
		if _, err := leases.Create(ctx, leaseOf(name, fullSpec()), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
	informer := factory.Coordination().V1().Leases()
	lister := informer.Lister().Leases(namespace)
	informer.Informer()
	stop := make(chan struct{})
	defer func() {
		close(stop)
		factory.Shutdown()
	}()
	factory.Start(stop)
	synced, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	for kind, done := range factory.WaitForCacheSync(synced.Done()) {
		if !done {
			t.Fatalf("the informer of %v never knew all there is", kind)
		}
	}
	known := func(want int, condition func([]*coordinationv1.Lease) bool) func() bool {
		return func() bool {
			all, err := lister.List(labels.Everything())
			return err == nil && len(all) == want && condition(all)
		}
	}
	anything := func([]*coordinationv1.Lease) bool { return true }
	eventually(t, "it knows both", known(2, anything))
	lease, err := leases.Get(ctx, "a", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	lease.Spec.HolderIdentity = ptr.To("you")
	if _, err := leases.Update(ctx, lease, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it knows of the change", func() bool {
		known, err := lister.Get("a")
		return err == nil && *known.Spec.HolderIdentity == "you"
	})
	if err := leases.Delete(ctx, "b", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it knows of the deletion", known(1, anything))
}
