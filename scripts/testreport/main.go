// Command testreport reads the output of go test -json on its standard input and shows what a person wants of it: a
// line for each package, all that a failed test said, why tests were skipped, and the counts. The counts are also
// written to the file that its argument names. It exits with 1 when something failed or nothing was tested.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is one line of go test -json (see cmd/test2json).
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

// maxLine bounds one line of output, in bytes.
const maxLine = 16 << 20

// report is what has been seen.
type report struct {
	w                       io.Writer
	said                    map[string][]string // output by package and test, until its verdict
	passed, failed, skipped int
	broken                  int // packages that failed outside a test: build, panic, time-out, leak
	failedIn                map[string]int
}

func main() {
	r := &report{w: os.Stdout, said: make(map[string][]string), failedIn: make(map[string]int)}
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
	counts := r.counts()
	fmt.Fprintln(r.w, counts)
	if len(os.Args) > 1 {
		if err := os.WriteFile(os.Args[1], []byte(counts), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "testreport:", err)
			os.Exit(2)
		}
	}
	if r.failed+r.broken > 0 || r.passed == 0 {
		os.Exit(1)
	}
}

func (r *report) counts() string {
	s := fmt.Sprintf("%d tests passed, %d failed, %d skipped", r.passed, r.failed, r.skipped)
	if r.broken > 0 {
		s += fmt.Sprintf(", %d packages broken", r.broken)
	}
	return s
}

func (r *report) read(in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(r.w, lines.Text()) // the go command itself says something
			continue
		}
		r.take(e)
	}
	return lines.Err()
}

func (r *report) take(e event) {
	key := e.Package + "\x00" + e.Test
	switch e.Action {
	case "output":
		r.said[key] = append(r.said[key], e.Output)
	case "build-output":
		fmt.Fprint(r.w, e.Output)
	case "pass", "fail", "skip":
		r.verdict(e, r.said[key])
		delete(r.said, key)
	}
}

func (r *report) verdict(e event, said []string) {
	if e.Test == "" {
		r.packageVerdict(e, said)
		return
	}
	switch e.Action {
	case "pass":
		r.passed++
	case "skip":
		r.skipped++
		fmt.Fprintf(r.w, "skip  %s %s: %s\n", e.Package, e.Test, reason(said))
	case "fail":
		r.failed++
		r.failedIn[e.Package]++
		fmt.Fprintf(r.w, "FAIL  %s %s\n%s", e.Package, e.Test, strings.Join(said, ""))
	}
}

func (r *report) packageVerdict(e event, said []string) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(r.w, "ok    %s %.1f s\n", e.Package, e.Elapsed)
	case "fail":
		fmt.Fprintf(r.w, "FAIL  %s %.1f s\n", e.Package, e.Elapsed)
		if r.failedIn[e.Package] == 0 {
			r.broken++
			fmt.Fprint(r.w, strings.Join(said, ""))
		}
	}
}

// reason is what a skipped test said, without the frame around it.
func reason(said []string) string {
	for _, line := range said {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			return line
		}
	}
	return "no reason given"
}
