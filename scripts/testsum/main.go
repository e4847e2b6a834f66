// Command testsum runs "go test -json" with the arguments it is given and tells what happened in few words: one
// line per package, the whole output of what failed, the reasons of what was skipped, and at the very end
//
//	N passed, N failed, N skipped
//
// A test with subtests is counted by its subtests. What fails outside any test (a package that does not build, a
// panic, a time limit) counts as one failure.
//
// Where the environment says that something is present (any ZHILU_REQUIRE_…=1), a skipped test is a failure, since
// a suite that quietly skips proves nothing; the exception is a test whose reason for skipping begins with
// "optional:".
//
// The exit code is 0 when nothing failed, 1 when something did, 2 when "go test" could not be run.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr)) }

func run(args, environ []string, stdout, stderr io.Writer) int {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Env = environ
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "testsum:", err)
		return 2
	}
	if err := cmd.Start(); err != nil {
		_, _ = fmt.Fprintln(stderr, "testsum:", err)
		return 2
	}
	s := newSummary(stdout, mustNotSkip(environ))
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.line(line)
		}
		if err != nil {
			break
		}
	}
	waitErr := cmd.Wait()
	return s.finish(waitErr)
}

// mustNotSkip reports whether the environment promises that everything a test may ask for is there.
func mustNotSkip(environ []string) bool {
	for _, kv := range environ {
		if strings.HasPrefix(kv, "ZHILU_REQUIRE_") && strings.HasSuffix(kv, "=1") {
			return true
		}
	}
	return false
}
