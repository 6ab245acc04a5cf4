package audit

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// childEnv has the test binary be a process that writes a log in the directory it names, until it is killed.
const childEnv = "HOLDFAST_AUDIT_CHILD"

// beChild writes entries from four sides and says of each, once it is acknowledged, so on standard output.
func beChild() int {
	o := smallOptions(os.Getenv(childEnv))
	l, err := Open(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	go l.Run(context.Background())
	var writers sync.WaitGroup
	var out sync.Mutex
	for side := range 4 {
		writers.Go(func() {
			for n := 0; ; n++ {
				name := fmt.Sprintf("%d-%d-%d", os.Getpid(), side, n)
				l.Add(Entry{Action: ActionSnapshot, Person: "p-1"})
				if err := l.Write(context.Background(), Entry{Action: ActionExport, Person: "p-1", Session: name, Personal: Personal{Name: "somebody"}}); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				out.Lock()
				fmt.Println(name)
				out.Unlock()
			}
		})
	}
	writers.Wait()
	return 1
}

// A process that is killed at a random moment has lost no entry that it was told is kept, and left none half there.
func TestKilledAtRandomNothingAcknowledgedIsLost(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	dir := filepath.Join(t.TempDir(), "audit")
	acked := map[string]bool{}
	for range rounds {
		for _, name := range killed(t, dir, 1+rand.IntN(60)) {
			acked[name] = true
		}
		wantSound(t, verified(t, dir, VerifyOptions{}))
	}
	o := smallOptions(dir)
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if d := l.Status().Damage; len(d) > 0 {
		t.Errorf("damage %q", d)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	r := verified(t, dir, VerifyOptions{})
	wantSound(t, r)
	for _, rec := range records(t, dir, o, Query{}) {
		delete(acked, rec.Session)
	}
	for name := range acked {
		t.Errorf("the entry %s was acknowledged and is not there", name)
	}
	t.Logf("%d entries in %d lives", r.Entries, rounds)
}

// killed runs a child, kills it once it has acknowledged so many entries, and gives all that it acknowledged.
func killed(t *testing.T, dir string, after int) (acked []string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(time.Minute, func() { child.Process.Kill() })
	defer limit.Stop()
	r := bufio.NewReader(out)
	for {
		text, err := r.ReadString('\n')
		if err == io.EOF { // a line without an end was not said whole
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		acked = append(acked, strings.TrimSuffix(text, "\n"))
		if len(acked) == after {
			child.Process.Kill()
		}
	}
	child.Wait()
	if len(acked) < after {
		t.Fatalf("the child acknowledged %d entries and ended by itself", len(acked))
	}
	return acked
}
