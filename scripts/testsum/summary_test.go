package main

import (
	"errors"
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	const skipped = `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: no media here\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
`
	tests := []struct {
		name    string
		events  string
		noSkips bool
		waitErr error
		code    int
		last    string
		want    []string
	}{
		{
			name: "subtests count for their parent",
			events: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"run","Package":"p","Test":"TestA/y"}
{"Action":"pass","Package":"p","Test":"TestA/x"}
{"Action":"pass","Package":"p","Test":"TestA/y"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}
`,
			last: "2 passed, 0 failed, 0 skipped",
		},
		{
			name: "a failure is shown whole and counted once",
			events: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"output","Package":"p","Test":"TestA/x","Output":"    a_test.go:3: got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestA/x"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}
`,
			waitErr: errors.New("exit status 1"), code: 1,
			last: "0 passed, 1 failed, 0 skipped",
			want: []string{"got 1, want 2", "p TestA/x"},
		},
		{name: "a skip is told", events: skipped, last: "0 passed, 0 failed, 1 skipped", want: []string{"p TestA: no media here"}},
		{name: "a skip that must run fails", events: skipped, noSkips: true, code: 1, last: "0 passed, 1 failed, 0 skipped", want: []string{"must run: no media here"}},
		{
			name: "an optional skip stays a skip", noSkips: true,
			events: strings.Replace(skipped, "no media", "optional: no media", 1),
			last:   "0 passed, 0 failed, 1 skipped",
		},
		{
			name: "a package that does not build is one failure",
			events: `{"ImportPath":"p [p.test]","Action":"build-output","Output":"./a.go:1: undefined: x\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}
`,
			waitErr: errors.New("exit status 1"), code: 1,
			last: "0 passed, 1 failed, 0 skipped",
			want: []string{"undefined: x"},
		},
		{
			name: "a test that never ends is shown",
			events: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"p"}
`,
			waitErr: errors.New("exit status 1"), code: 1,
			last: "0 passed, 1 failed, 0 skipped",
			want: []string{"TestA did not end", "timed out"},
		},
		{name: "go test itself fails", waitErr: errors.New("exit status 1"), code: 1, last: "0 passed, 1 failed, 0 skipped"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			s := newSummary(&out, tt.noSkips)
			for line := range strings.Lines(tt.events) {
				s.line([]byte(line))
			}
			code := s.finish(tt.waitErr)
			text := strings.TrimSpace(out.String())
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if last := text[strings.LastIndexByte(text, '\n')+1:]; last != tt.last {
				t.Errorf("last line %q, want %q", last, tt.last)
			}
			for _, w := range tt.want {
				if !strings.Contains(text, w) {
					t.Errorf("output lacks %q:\n%s", w, text)
				}
			}
		})
	}
}

func TestMustNotSkip(t *testing.T) {
	t.Parallel()
	for env, want := range map[string]bool{
		"ZHILU_REQUIRE_MEDIA=1": true, "ZHILU_REQUIRE_TOOLS=0": false, "PATH=/bin": false, "ZHILU_REQUIRE_MEDIA=": false,
	} {
		if got := mustNotSkip([]string{env}); got != want {
			t.Errorf("mustNotSkip(%s) = %v, want %v", env, got, want)
		}
	}
}
