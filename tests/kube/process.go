// Servers that outlive the command that started them.  A server is known by
// the file DIR/NAME.pid, and its output goes to DIR/NAME.log.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const stopTimeout = 10 * time.Second

// Every server works in DIR and gets DIR in an argument: by that it is told
// from a stranger that was given the same process number later.
func serverPID(dir, name string) int {
	text, err := os.ReadFile(filepath.Join(dir, name+".pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 2 {
		return 0
	}
	// A zombie nobody has waited for has no arguments any more.
	args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || !bytes.Contains(args, []byte(dir+"/")) {
		return 0
	}
	return pid
}

// A server must not hold the pipes and locks that a caller has open: a test
// that reads our output to its end would then never see the end.
func keepDescriptors() {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}

func startServer(dir, name string, args ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(self, append([]string{name}, args...)...)
	cmd.Dir = dir
	// Nothing of the caller's may change a server: ETCD_*, KUBECONFIG, proxies.
	cmd.Env = []string{"HOME=" + dir, "PATH=/usr/bin:/bin"}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	return writeWhole(filepath.Join(dir, name+".pid"), fmt.Appendf(nil, "%d\n", cmd.Process.Pid))
}

// Stopping what does not run is success.
func stopServer(dir, name string) error {
	pid := serverPID(dir, name)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if pid == 0 {
			break
		}
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop %s: %w", name, err)
		}
		for end := time.Now().Add(stopTimeout); pid != 0 && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
			pid = serverPID(dir, name)
		}
	}
	if pid != 0 {
		return fmt.Errorf("%s (process %d) does not stop", name, pid)
	}
	if err := os.Remove(filepath.Join(dir, name+".pid")); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// The end of a server's log, for the message that says it did not start.
func logTail(dir, name string) string {
	const lines = 8
	text, _ := os.ReadFile(filepath.Join(dir, name+".log"))
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
