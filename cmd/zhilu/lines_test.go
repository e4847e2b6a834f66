package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
)

// line is what `zhilu dock --json` promises for a file (blueprint §5), written here from the contract alone.
type line struct {
	Name      string   `json:"name"`
	Size      int64    `json:"size"`
	SHA256    string   `json:"sha256"`
	Status    string   `json:"status"`
	Code      string   `json:"code"`
	Retry     bool     `json:"retry"`
	Flags     []string `json:"flags"`
	Recording string   `json:"recording_id"`
	File      string   `json:"file_id"`
	Receipt   string   `json:"receipt"`
}

var contractKeys = []string{"name", "size", "sha256", "status", "code", "retry", "flags", "recording_id", "file_id", "receipt"}

func readLines(ts *testscript.TestScript, file string) []line {
	var out []line
	sc := bufio.NewScanner(strings.NewReader(ts.ReadFile(file)))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var keys map[string]json.RawMessage
		ts.Check(json.Unmarshal(sc.Bytes(), &keys))
		got := slices.Sorted(maps.Keys(keys))
		if want := slices.Sorted(slices.Values(contractKeys)); !slices.Equal(got, want) {
			ts.Fatalf("keys %v, want %v", got, want)
		}
		var l line
		ts.Check(json.Unmarshal(sc.Bytes(), &l))
		out = append(out, l)
		safe := l.Status == "sealed" || l.Status == "duplicate"
		switch {
		case !utf8.ValidString(l.Name) || !utf8.Valid(sc.Bytes()) || bytes.ContainsFunc(sc.Bytes(), hidden):
			ts.Fatalf("a line that is not safe to show: %q", sc.Bytes())
		case l.Flags == nil:
			ts.Fatalf("%q: flags are null", l.Name)
		case safe && (len(l.SHA256) != 64 || l.File == "" || l.Recording == "" || l.Receipt == "" || l.Code != ""):
			ts.Fatalf("%+v is not all a stored file has", l)
		case !safe && (l.Receipt != "" || l.Code == ""):
			ts.Fatalf("%+v is not all a file has that was not stored", l)
		}
	}
	ts.Check(sc.Err())
	return out
}

// docked FILE STATUS=N…: the lines are as promised, and there are so many of each status and no other.
func cmdDocked(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: docked FILE STATUS=N…")
	}
	got, want := map[string]int{}, map[string]int{}
	for _, l := range readLines(ts, args[0]) {
		got[l.Status]++
	}
	for _, a := range args[1:] {
		name, n, _ := strings.Cut(a, "=")
		v, err := strconv.Atoi(n)
		ts.Check(err)
		want[name] = v
	}
	if !maps.Equal(got, want) {
		ts.Fatalf("%v, want %v", got, want)
	}
}

// receipts FILE TO: copies the receipts that the lines name into a folder, numbered from 1.
func cmdReceipts(ts *testscript.TestScript, neg bool, args []string) {
	n := 0
	ts.Check(os.MkdirAll(ts.MkAbs(args[1]), 0o700))
	for _, l := range readLines(ts, args[0]) {
		if l.Receipt == "" {
			continue
		}
		n++
		raw, err := os.ReadFile(l.Receipt)
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[1]), strconv.Itoa(n)+".json"), raw, 0o600))
	}
	if neg || n == 0 {
		ts.Fatalf("no receipts")
	}
}

// field FILE PATH [VALUE | -env NAME | -keys K,K… | -has]: looks into JSON. PATH is dotted, numbers are places in a
// list, @len is a list's length.
func cmdField(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: field FILE PATH VALUE|-env NAME|-keys LIST|-has")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &v))
	found := true
	for p := range strings.SplitSeq(strings.Trim(args[1], "."), ".") {
		switch x := v.(type) {
		case map[string]any:
			if p != "" {
				v, found = x[p], found && hasKey(x, p)
			}
		case []any:
			if p == "@len" {
				v = float64(len(x))
				continue
			}
			i, err := strconv.Atoi(p)
			if found = err == nil && i < len(x); found {
				v = x[i]
			}
		default:
			found = false
		}
	}
	if args[2] == "-has" {
		if found == neg {
			ts.Fatalf("%s: there is %v", args[1], found)
		}
		return
	}
	if !found {
		ts.Fatalf("%s is not there", args[1])
	}
	switch args[2] {
	case "-env":
		ts.Setenv(args[3], text(v))
	case "-keys":
		m, ok := v.(map[string]any)
		if got := strings.Join(slices.Sorted(maps.Keys(m)), ","); !ok || got != args[3] {
			ts.Fatalf("keys %s, want %s", got, args[3])
		}
	default:
		if got := text(v); (got == args[2]) == neg {
			ts.Fatalf("%s is %s, want %s", args[1], got, args[2])
		}
	}
}

func hasKey(m map[string]any, k string) bool { _, ok := m[k]; return ok }

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
