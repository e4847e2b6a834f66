package diagnosis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// Line is what is kept of a line of the log: what a program wrote, never what a person did.
type Line struct {
	Time    time.Time      `json:"time"`
	Level   string         `json:"level"`
	Message string         `json:"message,omitempty"` // only of our own code, where it is a constant (the linter sees to it)
	Where   string         `json:"where"`             // function and line of the source
	Facts   map[string]any `json:"facts,omitempty"`
}

// kept are the attributes whose plain value goes along. Each is a code, a count or a state that the program chose itself. Of
// an error, whatever it is called, only its code, its kind and the system's error number go along.
var kept = []string{
	"action", "code", "kind", "state", "engine", "component", "method", "status", "attempt", "sets", "parts", "findings", "files", "took", "table",
}

// Recent is a handler of log lines that passes them on and remembers the last of them, without what a person could be known
// by.
type Recent struct {
	next  slog.Handler
	ring  *ring
	facts []slog.Attr
	group bool // inside a group nothing is kept
}

type ring struct {
	mu    sync.Mutex
	lines []Line
	at    int
}

// NewRecent remembers the last n lines that next is handed.
func NewRecent(next slog.Handler, n int) *Recent {
	return &Recent{next: next, ring: &ring{lines: make([]Line, 0, n)}}
}

// Enabled is next's.
func (r *Recent) Enabled(ctx context.Context, l slog.Level) bool { return r.next.Enabled(ctx, l) }

// Handle remembers the line and passes it on.
func (r *Recent) Handle(ctx context.Context, rec slog.Record) error {
	l := Line{Time: rec.Time, Level: rec.Level.String(), Facts: map[string]any{}}
	f, _ := runtime.CallersFrames([]uintptr{rec.PC}).Next()
	l.Where = fmt.Sprintf("%s:%d", f.Function, f.Line)
	if strings.HasPrefix(f.Function, "zhilu.dev/zhilu/") {
		l.Message = rec.Message
	}
	for _, a := range r.facts {
		keep(l.Facts, a)
	}
	if !r.group {
		rec.Attrs(func(a slog.Attr) bool {
			keep(l.Facts, a)
			return true
		})
	}
	r.ring.add(l)
	return r.next.Handle(ctx, rec)
}

// WithAttrs keeps what may be kept of attributes that stand on each line.
func (r *Recent) WithAttrs(attrs []slog.Attr) slog.Handler {
	n := *r
	n.next = r.next.WithAttrs(attrs)
	if !r.group {
		n.facts = append(slices.Clip(r.facts), attrs...)
	}
	return &n
}

// WithGroup passes on; of what is inside a group nothing is kept.
func (r *Recent) WithGroup(name string) slog.Handler {
	n := *r
	n.next, n.group = r.next.WithGroup(name), true
	return &n
}

// Lines are what is remembered, oldest first.
func (r *Recent) Lines() []Line {
	r.ring.mu.Lock()
	defer r.ring.mu.Unlock()
	return slices.Concat(r.ring.lines[r.ring.at:], r.ring.lines[:r.ring.at])
}

func (g *ring) add(l Line) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.lines) < cap(g.lines) {
		g.lines = append(g.lines, l)
		return
	}
	if len(g.lines) == 0 {
		return
	}
	g.lines[g.at] = l
	g.at = (g.at + 1) % len(g.lines)
}

func keep(facts map[string]any, a slog.Attr) {
	v := a.Value.Resolve()
	if err, ok := v.Any().(error); ok {
		facts[a.Key] = told(err)
		return
	}
	if !slices.Contains(kept, a.Key) {
		return
	}
	switch v.Kind() { //nolint:exhaustive // what is no plain value is not kept
	case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindDuration:
		facts[a.Key] = v.String()
	case slog.KindString:
		facts[a.Key] = code(v.String())
	}
}

// code lets pass what looks like a code: nothing a person writes has this form, least of all in Chinese, and no token or key,
// whose letters are great and small by chance.
func code(s string) string {
	const most = 48
	if len(s) > most || strings.ToLower(s) != s && strings.ToUpper(s) != s {
		return "…"
	}
	digits := 0
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			if digits++; digits > 3 { // a number of a person, a telephone, a case
				return "…"
			}
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '.', c == '_', c == '-':
		default:
			return "…"
		}
	}
	return s
}

// Problem is what is told of an error.
type Problem struct {
	Kind  string `json:"kind"`
	Code  string `json:"code"`
	Errno string `json:"errno,omitempty"`
}

func told(err error) Problem {
	f := fault.As(err)
	p := Problem{Kind: f.Kind.String(), Code: f.Code}
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		p.Errno = no.Error()
	}
	return p
}
