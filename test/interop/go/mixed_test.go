package interop

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// hold starts `leasectl hold`, which waits for the lease `leader` over gRPC and keeps it until it is told to end.
func hold(t *testing.T, identity string) *exec.Cmd {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", "--import=tsx", "cli/leasectl.ts", "--address", os.Getenv("LEASEHOLD_ADDRESS"),
		"-n", namespaceOf(t), "hold", "--identity", identity, "--lease-duration", leaseDuration.String(), "leader", "--",
		"sleep", "600")
	command.Dir, command.Stderr = root, os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	return command
}

// somebodyWaits tells whether there is a place in a queue for a lease.
func somebodyWaits() bool {
	answer, err := http.Get(os.Getenv("LEASEHOLD_URL") + "/metrics")
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	metrics, err := io.ReadAll(answer.Body)
	return err == nil && regexp.MustCompile(`(?m)^leasehold_waiters [1-9]`).Match(metrics)
}

// One lease, for which programs of both faces stand: never do two of them have it.
func TestACandidateOfClientGoAndAHolderOverGRPCShareALease(t *testing.T) {
	ctx, leases := leasesOf(t)
	holder := func() string {
		lease, err := leases.Get(ctx, "leader", metav1.GetOptions{})
		if err != nil || lease.Spec.HolderIdentity == nil || lease.Annotations["leasehold.dev/state"] != "held" {
			return ""
		}
		return *lease.Spec.HolderIdentity
	}
	first := hold(t, "grpc-1")
	eventually(t, "the holder over gRPC has the lease", func() bool { return holder() == "grpc-1" })
	candidate := stand(t, "go-1", true)
	renewed, err := leases.Get(ctx, "leader", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "it kept the lease for longer than that lasts", func() bool {
		now, err := leases.Get(ctx, "leader", metav1.GetOptions{})
		return err == nil && now.Spec.RenewTime.Sub(renewed.Spec.RenewTime.Time) > leaseDuration+time.Second
	})
	if candidate.leads.Load() {
		t.Fatal("both have the lease")
	}

	// A release over gRPC hands over.
	if err := first.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the candidate leads", candidate.leads.Load)
	if now := holder(); now != "go-1" {
		t.Fatalf("the holder is %q", now)
	}

	// So does a release of the candidate, to whom waits over gRPC.
	second := hold(t, "grpc-2")
	eventually(t, "the second waits", somebodyWaits)
	candidate.stop()
	eventually(t, "the second holder over gRPC has the lease", func() bool { return holder() == "grpc-2" })

	// A holder that is gone without a word loses it when the lease's time is over.
	next := stand(t, "go-2", true)
	if err := second.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the next candidate leads", next.leads.Load)
	if now := holder(); now != "go-2" {
		t.Fatalf("the holder is %q", now)
	}
}
