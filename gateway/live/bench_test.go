package live

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// viewersProcess is another process with n browsers, so that their work does not count as the server's. It writes
// their offers, reads the answers and watches until its input ends.
func viewersProcess(n string) {
	count, _ := strconv.Atoi(n)
	t := &testing.B{}
	var browsers []*browser
	var offers [][]byte
	for range count {
		b := newBrowser(t, browserOptions{tcp: os.Getenv("HOLDFAST_BENCH_TCP") != ""})
		b.discard = true
		browsers = append(browsers, b)
		offers = append(offers, b.offer())
	}
	_ = json.NewEncoder(os.Stdout).Encode(offers)
	var answers [][]byte
	in := json.NewDecoder(os.Stdin)
	_ = in.Decode(&answers)
	for i, b := range browsers {
		b.accept(answers[i])
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// startViewers connects n viewers in another process.
func startViewers(b *testing.B, s *Server, c *camera, n int) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("HOLDFAST_BENCH_VIEWERS=%d", n))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	must(b, err)
	out, err := cmd.StdoutPipe()
	must(b, err)
	must(b, cmd.Start())
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	var offers, answers [][]byte
	must(b, json.NewDecoder(out).Decode(&offers))
	for _, offer := range offers {
		_, answer, err := s.Offer(b.Context(), Ask{Camera: "cam", Name: "main", Stream: c.Stream, Owner: "anna"}, offer)
		must(b, err)
		answers = append(answers, answer)
	}
	must(b, json.NewEncoder(in).Encode(answers))
	eventually(b, "viewers", func() bool {
		for _, st := range s.Sessions() {
			if st.Packets == 0 {
				return false
			}
		}
		return true
	})
}

func sentPackets(s *Server) (n uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.sessions {
		n += x.counts.packets.Load()
	}
	return n
}

// usage is the processor time of this process.
func usage() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkViewers shows what a viewer of a 4 Mbit/s, 25 frames/s stream costs the server: an operation is a frame to
// all of them. Frames come eight times as fast as a camera's, each when the last is sent.
//
// What a profile of 50 viewers showed before packets were handed over in batches ("single"): two thirds in sendto,
// mostly the walk through the network stack, and 5 % in encryption. Segmentation offload makes that walk once for a
// frame, which more than halves the whole; of the rest 45 % is still the system call and 30 % the WebRTC library.
// Waking the viewers and taking the frame from the stream is under 5 %: a goroutine for each viewer is cheap enough.
func BenchmarkViewers(b *testing.B) {
	for _, single := range []bool{false, true} {
		for _, viewers := range []int{1, 20, 50} {
			name := fmt.Sprintf("batched/%d", viewers)
			if single {
				name = fmt.Sprintf("single/%d", viewers)
			}
			b.Run(name, func(b *testing.B) { benchmarkViewers(b, viewers, single) })
		}
	}
}

func benchmarkViewers(b *testing.B, viewers int, single bool) {
	s := serve(b, Options{UDP: "127.0.0.1:0"})
	s.udp.single.Store(single)
	c := newCamera()
	c.gop(1, 20_000)
	startViewers(b, s, c, viewers)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	packets, cpu := sentPackets(s), usage()
	perFrame := uint64(viewers * len(pack(c.picture(false, 20_000))))
	want := packets + perFrame
	b.ResetTimer()
	for range b.N {
		c.picture(false, 20_000)
		want += perFrame
		time.Sleep(5 * time.Millisecond)
		for range 1000 {
			if sentPackets(s) >= want {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	b.StopTimer()
	cpu = usage() - cpu
	runtime.ReadMemStats(&after)
	packets = sentPackets(s) - packets
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(packets), "allocs/packet")
	b.ReportMetric(float64(cpu.Nanoseconds())/float64(packets), "cpu-ns/packet")
	perSecond := cpu.Seconds() / float64(b.N) * 25 // of a camera's time
	b.ReportMetric(perSecond*100, "%core")
	b.ReportMetric(perSecond*100/float64(viewers), "%core/viewer")
}
