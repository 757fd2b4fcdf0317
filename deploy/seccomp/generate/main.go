// Writes lameduck's seccomp profile for this machine's architecture to standard output: what containerd's RuntimeDefault
// is for a pod that adds no capability, by containerd's own function, and pidfd_getfd(2).
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

func main() {
	// Of the capabilities that every pod has (defaultUnixCaps() in containerd's pkg/oci/spec.go), the one that the profile asks
	// for. It permits chroot(2) by it.
	capabilities := specs.LinuxCapabilities{Bounding: []string{"CAP_SYS_CHROOT"}}
	profile := seccomp.DefaultProfile(&specs.Spec{Process: &specs.Process{Capabilities: &capabilities}})
	profile.Syscalls = append(profile.Syscalls, specs.LinuxSyscall{
		Names:  []string{"pidfd_getfd"},
		Action: specs.ActAllow,
	})
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(profile); err != nil {
		log.Fatal(err)
	}
}
