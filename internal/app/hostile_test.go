package app_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"zhilu.dev/zhilu/internal/dock"
)

// watchReads tells whether a file is opened from now on.
func watchReads(t *testing.T, path string) (opened func() bool) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if _, err := unix.InotifyAddWatch(fd, path, unix.IN_OPEN|unix.IN_ACCESS); err != nil {
		t.Fatal(err)
	}
	return func() bool {
		n, err := unix.Read(fd, make([]byte, 4096))
		if err != nil && !errors.Is(err, unix.EAGAIN) {
			t.Fatal(err)
		}
		return n > 0
	}
}

// box is a box of an ISO base media file that claims a size.
func box(size uint32, name string, body ...byte) string {
	return string(binary.BigEndian.AppendUint32(nil, size)) + name + string(body)
}

// giantPicture is a PNG head that claims 2^31-1 points either way.
func giantPicture() string {
	const most = "\x7f\xff\xff\xff"
	return "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + most + most + "\x08\x02\x00\x00\x00\x00\x00\x00\x00"
}

func squeezed(t *testing.T, size int64) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.CopyN(w, zeros{}, size); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestHostileCard docks a card of hostile files at a whole house: playlists that name a file of the host, a sibling and an
// address (T16, T17), bombs (T18), names that a card can hold (T19), pages and programs called recordings (T22), packed
// bombs (T23), the test virus (T24). Every one is kept, whole, and what its bytes are not is flagged; nothing outside is
// touched.
func TestHostileCard(t *testing.T) {
	t.Parallel()
	var hits atomic.Int64
	bait := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(bait.Close)
	canary := filepath.Join(t.TempDir(), "canary.ts")
	if err := os.WriteFile(canary, bytes.Repeat([]byte("G"), 188*100), 0o600); err != nil {
		t.Fatal(err)
	}
	opened := watchReads(t, canary)

	const foreign, unreadable = "foreign", "unreadable"
	hls := "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n%\n#EXT-X-ENDLIST\n"
	names := func(target string) string { return strings.Replace(hls, "%", target, 1) }
	files := map[string]struct{ content, flag string }{
		"hls-file.mp4":       {names("file://" + canary), foreign},
		"hls-path.mp4":       {names(canary), foreign},
		"hls-http.mp4":       {names(bait.URL + "/x.ts"), foreign},
		"hls-key.ts":         {strings.Replace(names("a.ts"), "#EXTINF", "#EXT-X-KEY:METHOD=AES-128,URI=\""+bait.URL+"/key\"\n#EXTINF", 1), foreign},
		"hls-after-mark.mp4": {"\xef\xbb\xbf" + names(canary), foreign},
		"concat-file.mp4":    {"ffconcat version 1.0\nfile '" + canary + "'\n", foreign},
		"concat-http.mp4":    {"ffconcat version 1.0\nfile " + bait.URL + "/x.mp4\n", foreign},
		"dash.mp4":           {"<?xml version=\"1.0\"?><MPD><Period><BaseURL>" + bait.URL + "/</BaseURL></Period></MPD>", foreign},
		"entity.xml.mp4":     {"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x SYSTEM \"" + bait.URL + "/e\">]><a>&x;</a>", foreign},

		"giant.png":      {giantPicture(), "picture"},
		"box-of-all.mp4": {box(24, "ftyp", []byte("isom\x00\x00\x02\x00isommp42")...) + box(0xffffffff, "moov") + box(0xfffffff0, "trak"), "truncated"},
		"box-of-one.mp4": {box(24, "ftyp", []byte("isom\x00\x00\x02\x01isommp42")...) + box(1, "moov", 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), unreadable},
		"boxes.mp4":      {box(24, "ftyp", []byte("isom\x00\x00\x02\x02isommp42")...) + strings.Repeat(box(8, "moov"), 50_000), unreadable},

		"更新说明.mp4":        {"<!doctype html><script>fetch('" + bait.URL + "')</script>", foreign},
		"picture.svg.jpg": {"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>", foreign},
		"paper.mp4":       {"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n", foreign},
		"setup.mp4":       {"MZ\x90\x00\x03\x00\x00\x00" + strings.Repeat("\x00", 300), foreign},
		"tool.avi":        {"\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 300), foreign},
		"run.mov":         {"#!/bin/sh\ntouch /tmp/zhilu-was-here\n", foreign},

		"eicar.mp4":   {`X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-` + `ANTIVIRUS-TEST-FILE!$H+H*`, foreign},
		"bomb.gz.mp4": {squeezed(t, 64<<20), foreign},
		"slip.zip":    {"PK\x03\x04\x14\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 16) + "\x14\x00\x00\x00../../../etc/cron.d/x", foreign},

		`..\..\evil.mp4`:          {"one", ""},
		"CON":                     {"two", ""},
		"aux.mp4.":                {"three", ""},
		"\u202e4pm.exe":           {"four", ""},
		"line\nbreak.mp4":         {"five", ""},
		"-rf":                     {"six", ""},
		"$(touch x);`id`.mp4":     {"seven", ""},
		"%2e%2e%2fevil.mp4":       {"eight", ""},
		strings.Repeat("长", 85):   {"nine", ""},
		"\xff\xfe not UTF-8.mp4":  {"ten", ""},
		"e\u0301 and \u00e9.mp4":  {"eleven", ""},
		"<img src=x onerror=1>.m": {"twelve", ""},
	}
	texts := map[string]string{}
	for name, f := range files {
		texts[name] = f.content
	}
	st := openStation(t)
	patient := func(c *dock.Config) { c.Settle = 4000 } // what is asked here is found by jobs, one file after another
	rep := st.dock(st.agent(card(t, texts), st.url, patient))
	if len(rep.Results) != len(files) {
		t.Errorf("%d files on the card, %d in the report", len(files), len(rep.Results))
	}
	bySum := map[string]dock.Result{}
	for _, r := range rep.Results {
		bySum[r.SHA256] = r
	}
	for name, f := range files {
		sum := sha256.Sum256([]byte(f.content))
		r, ok := bySum[hex.EncodeToString(sum[:])]
		if !ok || r.Status != dock.Sealed || r.Receipt == "" || r.Size != int64(len(f.content)) {
			t.Errorf("%q is not kept whole: %+v", name, r)
		}
		if f.flag != "" && !slices.Contains(r.Flags, f.flag) {
			t.Errorf("%q is not %s: %v", name, f.flag, r.Flags)
		}
	}
	if n := hits.Load(); n > 0 {
		t.Errorf("%d requests to an address that stands in a file", n)
	}
	if opened() {
		t.Error("a file of the host that a playlist names was opened")
	}
	if _, err := os.Stat("/tmp/zhilu-was-here"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a script of the card has run")
	}

	// The traps do work.
	if _, err := os.ReadFile(canary); err != nil || !opened() {
		t.Error("the canary does not tell who opens it")
	}
}

// TestOddNamesAtTheDoor is T19 by HTTP: what no card's file system could hold is kept as text or refused; it is never a path.
func TestOddNamesAtTheDoor(t *testing.T) {
	t.Parallel()
	st := openStation(t)
	outside := filepath.Join(t.TempDir(), "evil")
	for i, name := range []string{
		"../../../../../../../../" + outside, outside, `..\..\..\evil`, `C:\Windows\evil`, `\\server\share\evil`, "file://" + outside, "a\x00.mp4", "\x00",
		"\u202egpj.exe", "\u2066x\u2069", "NUL", "COM1.mp4", "a:stream", "~root/x", ".", "..", "/", "...", " ", "\r\nX-Evil: 1", "\x1b[2J", "\ufeff", "\ufffe",
		strings.Repeat("a", 300), strings.Repeat("长", 1000), strings.Repeat("../", 3000), "%00", "%2e%2e%2f", "..;/", "a/../../b", "${jndi:ldap://x}", "{{7*7}}", "';DROP TABLE recording;--",
		strings.Repeat("x", 64<<10), "\xff\xfe", "\xc0\xae\xc0\xae/", "e\u0301", "ﬀ", "𠀀𪚥.mp4", "ئۇيغۇر.mp4",
	} {
		body := "content of name " + strings.Repeat("i", i)
		meta := "filename " + base64.StdEncoding.EncodeToString([]byte(name)) + ",path " + base64.StdEncoding.EncodeToString([]byte(name))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, st.url+"/upload", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range map[string]string{
			"Authorization": "Bearer " + st.token, "Tus-Resumable": "1.0.0", "Upload-Length": strconv.Itoa(len(body)),
			"Content-Type": "application/offset+octet-stream", "Upload-Metadata": meta,
		} {
			req.Header.Set(k, v)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		refused := len(meta) > 16<<10 // more than the door keeps of it
		if resp.Header.Get("X-Evil") != "" || refused == (resp.StatusCode == http.StatusCreated) || resp.StatusCode >= 500 {
			t.Errorf("%.40q: %d", name, resp.StatusCode)
		}
	}
	if _, err := os.Lstat(outside); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a name was taken for a path: %v", err)
	}
	if left, err := filepath.Glob("evil*"); err != nil || len(left) > 0 {
		t.Errorf("beside the test lie %v, %v", left, err)
	}
}

// TestBitsFlippedOnTheWay is T21 between a dock and a house: a line that turns one bit of every other chunk. The house refuses
// each by its checksum, the dock sends it again, and what is sealed is what the card has.
func TestBitsFlippedOnTheWay(t *testing.T) {
	t.Parallel()
	st := openStation(t)
	content := make([]byte, 700<<10)
	_, _ = rand.Read(content)
	var patches, flipped, refused atomic.Int64
	front := st.front(func(p *httputil.ReverseProxy) {
		p.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			turn := r.Method == http.MethodPatch && r.ContentLength > 0 && patches.Add(1)%2 == 1
			if turn {
				b, err := io.ReadAll(r.Body)
				if err != nil {
					return nil, err
				}
				b[int(flipped.Add(1))*997%len(b)] ^= 0x10
				r.Body = io.NopCloser(bytes.NewReader(b))
			}
			resp, err := http.DefaultTransport.RoundTrip(r)
			if turn && err == nil && resp.StatusCode == 460 {
				refused.Add(1)
			}
			return resp, err
		})
	})
	rep := st.dock(st.agent(card(t, map[string]string{"DCIM/0001.mp4": string(content)}), front))
	sum := sha256.Sum256(content)
	if len(rep.Results) != 1 || rep.Results[0].Status != dock.Sealed || rep.Results[0].SHA256 != hex.EncodeToString(sum[:]) {
		t.Fatalf("docked %+v", rep.Results)
	}
	if flipped.Load() < 5 || refused.Load() != flipped.Load() {
		t.Errorf("%d chunks with a flipped bit, %d refused by their checksum", flipped.Load(), refused.Load())
	}
	var kept string
	if err := st.house.DB.Reader.QueryRowContext(context.WithoutCancel(t.Context()), "SELECT sha256 FROM recording_file").Scan(&kept); err != nil || kept != hex.EncodeToString(sum[:]) {
		t.Errorf("sealed is %s, %v", kept, err)
	}
}
