// up and down: one etcd, API server and controller manager (and scheduler, if
// wanted) for tests, on loopback, with everything they keep in one folder.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Started in this order and stopped in the reverse.
var servers = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"}

type cluster struct {
	dir       string
	port      int
	scheduler bool
	nodes     int
}

// The DIR that both commands take, made and locked: two that are called at
// once for one DIR work one after the other.
func openDir(args []string) (string, error) {
	if len(args) != 1 {
		return "", fmt.Errorf("usage: up [--scheduler] [--nodes N] DIR, down DIR")
	}
	if err := os.MkdirAll(filepath.Join(args[0], "pki"), 0o700); err != nil {
		return "", err
	}
	dir, err := filepath.Abs(args[0])
	if err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	lock, err := syscall.Open(filepath.Join(dir, "lock"), syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return "", err
	}
	return dir, syscall.Flock(lock, syscall.LOCK_EX) // until this process ends
}

func up(args []string) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	withScheduler := flags.Bool("scheduler", false, "run kube-scheduler too")
	nodes := flags.Int("nodes", 0, "run kube-scheduler and kwok, with this many simulated nodes")
	timeout := flags.Duration("timeout", 2*time.Minute, "how long to wait until the cluster is ready")
	if err := flags.Parse(args); err != nil {
		return err
	}
	keepDescriptors()
	dir, err := openDir(flags.Args())
	if err != nil {
		return err
	}
	c := &cluster{dir: dir, scheduler: *withScheduler, nodes: *nodes}
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	if !c.running() {
		if err := c.start(ctx); err != nil {
			c.stop() // its error would hide the one that explains
			return err
		}
	}
	if err := c.linkKubectl(); err != nil {
		return err
	}
	fmt.Println(c.path("kubeconfig"))
	return nil
}

// A kubectl for PATH; this program knows by that name what to be.
func (c *cluster) linkKubectl() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	link := c.path("bin/kubectl")
	if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
		return err
	}
	if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Symlink(self, link)
}

func down(args []string) error {
	dir, err := openDir(args)
	if err != nil {
		return err
	}
	return (&cluster{dir: dir}).stop()
}

func (c *cluster) path(name string) string { return filepath.Join(c.dir, name) }

func (c *cluster) wanted() []string {
	switch {
	case c.nodes > 0:
		return servers
	case c.scheduler:
		return servers[:4]
	}
	return servers[:3]
}

func (c *cluster) running() bool {
	for _, name := range c.wanted() {
		if serverPID(c.dir, name) == 0 {
			return false
		}
	}
	return true
}

func (c *cluster) stop() error {
	var first error
	for i := len(servers) - 1; i >= 0; i-- {
		if err := stopServer(c.dir, servers[i]); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (c *cluster) start(ctx context.Context) error {
	if err := c.stop(); err != nil { // what a broken run has left
		return err
	}
	if err := c.choosePort(); err != nil {
		return err
	}
	if err := c.writeAccess(); err != nil {
		return err
	}
	if err := c.writeStages(); err != nil {
		return err
	}
	for _, name := range c.wanted() {
		if err := startServer(c.dir, name, c.flags(name)...); err != nil {
			return fmt.Errorf("start %s: %w", name, err)
		}
		if name == "kube-apiserver" {
			// The others would only fill their logs with complaints before.
			if err := c.waitAPI(ctx); err != nil {
				return err
			}
		}
	}
	return c.waitReady(ctx)
}

// The port of the last run if it is free, so that a kubeconfig somebody has
// copied stays good over a restart.  A new one comes from below the range out
// of which Linux serves outgoing connections, which could take it in between.
func (c *cluster) choosePort() error {
	text, _ := os.ReadFile(c.path("port"))
	port, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	for range 100 {
		if port > 0 {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err == nil {
				c.port = port
				l.Close()
				return writeWhole(c.path("port"), fmt.Appendf(nil, "%d\n", port))
			}
		}
		port = 12000 + rand.IntN(20000)
	}
	return fmt.Errorf("no free port on 127.0.0.1")
}

// etcd listens on sockets in DIR, named relative to it because the name of a
// socket may have 107 bytes at most; so only the API server needs a port.
func (c *cluster) flags(name string) []string {
	switch name {
	case "etcd":
		return []string{
			"--name=kube", "--data-dir=" + c.path("etcd.data"),
			"--listen-client-urls=unix://etcd:1", "--advertise-client-urls=unix://etcd:1",
			"--listen-peer-urls=unix://etcd:2", "--initial-advertise-peer-urls=unix://etcd:2",
			"--initial-cluster=kube=unix://etcd:2",
			"--unsafe-no-fsync", "--log-level=warn",
		}
	case "kube-apiserver":
		return []string{
			"--etcd-servers=unix://etcd:1",
			"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", c.port),
			"--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
			"--tls-cert-file=" + c.path("pki/apiserver.crt"), "--tls-private-key-file=" + c.path("pki/apiserver.key"),
			"--client-ca-file=" + c.path("pki/ca.crt"), "--token-auth-file=" + c.path("pki/tokens.csv"),
			"--authorization-mode=Node,RBAC", "--allow-privileged",
			"--service-cluster-ip-range=10.96.0.0/16",
			"--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-key-file=" + c.path("pki/sa.key"),
			"--service-account-signing-key-file=" + c.path("pki/sa.key"),
		}
	case "kube-controller-manager":
		return []string{
			"--kubeconfig=" + c.path("pki/controllers.kubeconfig"),
			"--leader-elect=false", "--secure-port=0",
			// 20 a second, the default, takes minutes for the status of 5,000 objects.
			"--kube-api-qps=1000", "--kube-api-burst=1000",
			"--root-ca-file=" + c.path("pki/ca.crt"),
			"--service-account-private-key-file=" + c.path("pki/sa.key"),
		}
	case "kube-scheduler":
		return []string{
			"--kubeconfig=" + c.path("pki/scheduler.kubeconfig"),
			"--leader-elect=false", "--secure-port=0",
		}
	default: // kwok; without leases of its nodes, the controllers would call them lost
		return []string{
			"--kubeconfig=" + c.path("pki/kwok.kubeconfig"), "--config=" + c.path("kwok.yaml"),
			"--manage-all-nodes", "--node-lease-duration-seconds=40",
		}
	}
}
