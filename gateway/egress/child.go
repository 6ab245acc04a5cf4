package egress

import (
	"fmt"
	"os/exec"
	"runtime"
)

// Run starts a program and waits for it, like exec.Cmd.Run, and has the kernel refuse it every socket: it gets the pipes that
// cmd says, and reaches nothing else, whatever its options or a flaw in it make it try. Where the kernel cannot be told so
// the program is not started. Without an environment in cmd it gets none.
func (p *Purpose) Run(cmd *exec.Cmd) error {
	if cmd.Env == nil {
		cmd.Env = []string{}
	}
	o := p.target(cmd.Path).open()
	defer o.close()
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread is restricted for good, and ends with the goroutine
		if err := confine(); err != nil {
			started <- fmt.Errorf("start %s without network: %w", cmd.Path, err)
			return
		}
		started <- cmd.Start() // the child inherits the thread's restriction
	}()
	if err := <-started; err != nil {
		return err
	}
	return cmd.Wait()
}
