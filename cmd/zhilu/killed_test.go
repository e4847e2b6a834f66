package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// killed WORD COMMAND…, or killed -nth N COMMAND…: runs the command and kills it, as a power cut would, as soon as a line
// of its progress has the word, or is the Nth. It must get so far.
func cmdKilled(ts *testscript.TestScript, neg bool, args []string) {
	nth := 0
	if args[0] == "-nth" {
		var err error
		nth, err = strconv.Atoi(args[1])
		ts.Check(err)
		args = args[1:]
	}
	if neg || len(args) < 2 {
		ts.Fatalf("usage: killed [-nth] WORD|N COMMAND…")
	}
	w := worldOf(ts)
	c := exec.Command(args[1], args[2:]...)
	c.Dir, c.Env = w.dir, []string{"HOME=" + w.dir, "PATH=" + os.Getenv("PATH"), "LANG=en_US.UTF-8"}
	progress, err := c.StderrPipe()
	ts.Check(err)
	var out bytes.Buffer
	c.Stdout = &out
	ts.Check(c.Start())
	lines := bufio.NewScanner(progress)
	said, n, reached := "", 0, false
	for lines.Scan() {
		said += lines.Text() + "\n"
		n++
		if reached = n == nth || nth == 0 && strings.TrimSpace(lines.Text()) == args[0]; reached {
			ts.Check(c.Process.Kill())
			break
		}
	}
	_ = c.Wait()
	if !reached {
		ts.Fatalf("it did not get as far as %s:\n%s%s", args[0], said, out.String())
	}
}
