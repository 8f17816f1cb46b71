// Package interop runs Kubernetes' own Go clients, unchanged, against a coordinator that runs elsewhere.
//
// LEASEHOLD_URL is its HTTP listener, LEASEHOLD_ADDRESS its gRPC listener.
package interop

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typedv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
)

// bound is how long a test waits for anything: tests run on loaded machines.
const bound = 60 * time.Second

// newClient has its defaults, but for the limit of requests a second.
func newClient(t *testing.T) *kubernetes.Clientset {
	t.Helper()
	url := os.Getenv("LEASEHOLD_URL")
	if url == "" {
		t.Skip("LEASEHOLD_URL names no coordinator")
	}
	client, err := kubernetes.NewForConfig(&rest.Config{Host: url, QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// namespaceOf gives the test a namespace of its own, and another one in each run.
func namespaceOf(t *testing.T) string {
	return fmt.Sprintf("%s-%d", strings.ToLower(t.Name()), os.Getpid())
}

func leasesOf(t *testing.T) (context.Context, typedv1.LeaseInterface) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*bound)
	t.Cleanup(cancel)
	return ctx, newClient(t).CoordinationV1().Leases(namespaceOf(t))
}

// leaseOf makes a lease to be sent.
func leaseOf(name string, spec coordinationv1.LeaseSpec, labels ...string) *coordinationv1.Lease {
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}
	for _, label := range labels {
		key, value, _ := strings.Cut(label, "=")
		metav1.SetMetaDataLabel(&lease.ObjectMeta, key, value)
	}
	return lease
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(bound); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("within %v it did not come true that %s", bound, what)
		}
	}
}
