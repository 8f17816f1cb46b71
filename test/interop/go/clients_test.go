package interop

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/retry"
)

// The clients that controllers have beside the typed one.

var leaseResource = coordinationv1.SchemeGroupVersion.WithResource("leases")

func configOf(t *testing.T) *rest.Config {
	t.Helper()
	newClient(t)
	return &rest.Config{Host: os.Getenv("LEASEHOLD_URL"), QPS: -1}
}

func TestDiscoveryMapsLeases(t *testing.T) {
	client := discovery.NewDiscoveryClientForConfigOrDie(configOf(t))
	for _, legacy := range []bool{false, true} {
		client.UseLegacyDiscovery = legacy
		groups, err := restmapper.GetAPIGroupResources(client)
		if err != nil {
			t.Fatal(err)
		}
		mapper := restmapper.NewDiscoveryRESTMapper(groups)
		mapping, err := mapper.RESTMapping(schema.GroupKind{Group: "coordination.k8s.io", Kind: "Lease"})
		if err != nil || mapping.Resource != leaseResource || mapping.Scope.Name() != "namespace" {
			t.Fatalf("legacy %v: %+v %v", legacy, mapping, err)
		}
		if _, err := client.ServerPreferredNamespacedResources(); err != nil {
			t.Fatal(err)
		}
	}
	version, err := client.ServerVersion()
	if err != nil || version.Major != "1" {
		t.Fatalf("%+v %v", version, err)
	}
}

func TestTheDynamicClientAndItsInformer(t *testing.T) {
	ctx, leases := leasesOf(t)
	client, namespace := dynamic.NewForConfigOrDie(configOf(t)), namespaceOf(t)
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, 0, namespace, nil)
	informer := factory.ForResource(leaseResource)
	follow(t, ctx, informer.Informer())
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
		"metadata": map[string]any{"name": "a"}, "spec": map[string]any{"holderIdentity": "me"},
	}}
	if _, err := client.Resource(leaseResource).Namespace(namespace).Create(ctx, object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the informer knows the lease", func() bool {
		all, err := informer.Lister().List(labels.Everything())
		return err == nil && len(all) == 1
	})
	if err := leases.Delete(ctx, "a", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the informer knows that it is gone", func() bool {
		all, err := informer.Lister().List(labels.Everything())
		return err == nil && len(all) == 0
	})
}

// The garbage collector of a cluster sees nothing but metadata, in protobuf.
func TestTheMetadataClientAndItsInformer(t *testing.T) {
	ctx, leases := leasesOf(t)
	client, namespace := metadata.NewForConfigOrDie(configOf(t)), namespaceOf(t)
	for _, name := range []string{"a", "b", "c"} {
		if _, err := leases.Create(ctx, leaseOf(name, fullSpec(), "app="+name), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	one, err := client.Resource(leaseResource).Namespace(namespace).Get(ctx, "a", metav1.GetOptions{})
	if err != nil || one.Labels["app"] != "a" {
		t.Fatalf("%+v %v", one, err)
	}
	factory := metadatainformer.NewFilteredSharedInformerFactory(client, 0, namespace, nil)
	informer := factory.ForResource(leaseResource)
	follow(t, ctx, informer.Informer())
	count := func(want int) func() bool {
		return func() bool {
			all, err := informer.Lister().List(labels.Everything())
			return err == nil && len(all) == want
		}
	}
	eventually(t, "the informer knows all", count(3))
	gone := metav1.ListOptions{LabelSelector: "app in (a,b)"}
	if err := client.Resource(leaseResource).Namespace(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, gone); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the informer knows what is left", count(1))
}

func TestNoUpdateIsLostAmongManyWriters(t *testing.T) {
	ctx, leases := leasesOf(t)
	if _, err := leases.Create(ctx, leaseOf("a", coordinationv1.LeaseSpec{}), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	const writers, writes = 8, 10
	patiently := wait.Backoff{Steps: 500, Duration: 5 * time.Millisecond, Factor: 1, Jitter: 1}
	var all sync.WaitGroup
	errors := make(chan error, writers*writes)
	for range writers {
		all.Go(func() {
			for range writes {
				errors <- retry.RetryOnConflict(patiently, func() error {
					lease, err := leases.Get(ctx, "a", metav1.GetOptions{})
					if err != nil {
						return err
					}
					count, _ := strconv.Atoi(lease.Annotations["count"])
					metav1.SetMetaDataAnnotation(&lease.ObjectMeta, "count", fmt.Sprint(count+1))
					_, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
					return err
				})
			}
		})
	}
	all.Wait()
	close(errors)
	for err := range errors {
		if err != nil {
			t.Fatal(err)
		}
	}
	lease, err := leases.Get(ctx, "a", metav1.GetOptions{})
	if err != nil || lease.Annotations["count"] != fmt.Sprint(writers*writes) {
		t.Fatalf("%+v %v", lease.Annotations, err)
	}
}

// follow runs the informer until the test ends, and waits until it knows all there is.
func follow(t *testing.T, ctx context.Context, informer cache.SharedIndexInformer) {
	t.Helper()
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		informer.RunWithContext(running)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	eventually(t, "the informer knows all there is", informer.HasSynced)
}
