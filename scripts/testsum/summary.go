package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// event is one line of "go test -json"; see "go doc test2json" and "go help buildjson".
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build events
	Test        string
	Elapsed     float64 // seconds
	Output      string
	FailedBuild string
}

type testState struct {
	output      strings.Builder
	hasSubtests bool
	subFailed   bool
}

type packageState struct {
	tests                   map[string]*testState
	output                  strings.Builder
	passed, failed, skipped int
}

// summary reads the events of one run. It holds the output of a test only until the test ends.
type summary struct {
	out      io.Writer
	noSkips  bool
	packages map[string]*packageState
	builds   map[string]*strings.Builder // compiler output by import path, with test variants

	passed, failed, skipped int
	bad                     []string // names of what failed, for the end
	skips                   []string // skipped tests with their reasons
}

func newSummary(out io.Writer, noSkips bool) *summary {
	return &summary{out: out, noSkips: noSkips, packages: map[string]*packageState{}, builds: map[string]*strings.Builder{}}
}

func (s *summary) printf(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format, args...) }

func (s *summary) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil || e.Action == "" {
		s.printf("%s", line) // not an event: pass it on rather than lose it
		return
	}
	switch {
	case strings.HasPrefix(e.Action, "build-"):
		s.build(e)
	case e.Test != "":
		s.test(e)
	default:
		s.pkg(e)
	}
}

func (s *summary) build(e event) {
	b := s.builds[e.ImportPath]
	if b == nil {
		b = &strings.Builder{}
		s.builds[e.ImportPath] = b
	}
	b.WriteString(e.Output)
}

func (s *summary) state(name string) *packageState {
	p := s.packages[name]
	if p == nil {
		p = &packageState{tests: map[string]*testState{}}
		s.packages[name] = p
	}
	return p
}

func (p *packageState) state(name string) *testState {
	t := p.tests[name]
	if t == nil {
		t = &testState{}
		p.tests[name] = t
		if parent := parentOf(name); parent != "" {
			p.state(parent).hasSubtests = true
		}
	}
	return t
}

func parentOf(test string) string {
	if i := strings.LastIndexByte(test, '/'); i >= 0 {
		return test[:i]
	}
	return ""
}

func (s *summary) test(e event) {
	p := s.state(e.Package)
	t := p.state(e.Test)
	switch e.Action {
	case "output":
		t.output.WriteString(e.Output)
	case "pass":
		if !t.hasSubtests {
			p.passed++
		}
		delete(p.tests, e.Test)
	case "fail":
		if parent := parentOf(e.Test); parent != "" {
			p.state(parent).subFailed = true
		}
		// A parent that only passes on its subtests' failure is neither counted nor shown twice.
		if !t.subFailed {
			p.failed++
			s.bad = append(s.bad, e.Package+" "+e.Test)
		}
		s.printf("\n--- %s %s\n%s", e.Package, e.Test, t.output.String())
		delete(p.tests, e.Test)
	case "skip":
		reason := skipReason(t.output.String())
		name := e.Package + " " + e.Test
		if s.noSkips && !strings.HasPrefix(reason, "optional:") {
			p.failed++
			s.bad = append(s.bad, name+" (skipped, but must run: "+reason+")")
			if parent := parentOf(e.Test); parent != "" {
				p.state(parent).hasSubtests = true
			}
		} else {
			p.skipped++
			s.skips = append(s.skips, name+": "+reason)
		}
		delete(p.tests, e.Test)
	}
}

var logLine = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)$`)

// skipReason is the last thing the test said, which is what it gave to t.Skip.
func skipReason(output string) string {
	reason := "no reason given"
	for line := range strings.Lines(output) {
		if m := logLine.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			reason = m[1]
		}
	}
	return reason
}

func (s *summary) pkg(e event) {
	p := s.state(e.Package)
	switch e.Action {
	case "output":
		p.output.WriteString(e.Output)
		return
	case "pass", "skip": // skip: no test files
		if p.passed+p.failed+p.skipped > 0 {
			word := "ok  "
			if p.failed > 0 {
				word = "FAIL"
			}
			s.printf("%s %-52s %6.1fs %5d tests\n", word, e.Package, e.Elapsed, p.passed+p.failed+p.skipped)
		}
	case "fail":
		s.failedPackage(e, p)
	default:
		return
	}
	s.passed += p.passed
	s.failed += p.failed
	s.skipped += p.skipped
	delete(s.packages, e.Package)
}

func (s *summary) failedPackage(e event, p *packageState) {
	if b := s.builds[e.FailedBuild]; e.FailedBuild != "" && b != nil {
		s.printf("\n--- %s does not build\n%s", e.Package, b.String())
	}
	if p.failed == 0 {
		// The package failed though no test did: it did not build, panicked, leaked, or ran out of time.
		p.failed++
		s.bad = append(s.bad, e.Package)
		s.unfinished(p)
		s.printf("%s", p.output.String())
	}
	s.printf("FAIL %-52s %6.1fs\n", e.Package, e.Elapsed)
}

// unfinished shows what tests that never ended had said, since the reason is usually there.
func (s *summary) unfinished(p *packageState) {
	names := make([]string, 0, len(p.tests))
	for name := range p.tests {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		s.printf("\n--- %s did not end\n%s", name, p.tests[name].output.String())
	}
}

// finish prints the end of the report and gives the exit code. waitErr is how "go test" itself ended.
func (s *summary) finish(waitErr error) int {
	if len(s.skips) > 0 {
		s.printf("\nskipped:\n")
		for _, name := range s.skips {
			s.printf("  %s\n", name)
		}
	}
	if waitErr != nil && s.failed == 0 {
		s.failed++
		s.bad = append(s.bad, "go test: "+waitErr.Error())
	}
	if len(s.bad) > 0 {
		s.printf("\nfailed:\n")
		for _, name := range s.bad {
			s.printf("  %s\n", name)
		}
	}
	s.printf("\n%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	if s.failed > 0 {
		return 1
	}
	return 0
}
