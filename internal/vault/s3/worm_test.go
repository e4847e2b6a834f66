package s3_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/durable/durabletest"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/s3"
	"zhilu.dev/zhilu/internal/vault/s3/buckettest"
	"zhilu.dev/zhilu/internal/vault/vaulttest"
)

// world is one bucket, reached through a proxy that can count and lose.
type world struct {
	t      *testing.T
	store  *buckettest.Store
	bucket s3.Bucket // as the store's owner sees it
	disk   *durabletest.Disk
	faults *durabletest.Faults
	clock  *clock.Manual
	key    vault.Key
	asked  atomic.Int64
	lose   atomic.Bool // the answers to puts
	v      *s3.Vault
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, store: buckettest.Start(t), disk: durabletest.NewDisk(256 << 20), key: vault.NewKey()}
	w.faults = durabletest.NewFaults(w.disk)
	w.clock = clock.NewManual(time.Now().Truncate(time.Second))
	w.bucket = w.store.Bucket(t)
	w.open()
	return w
}

func (w *world) open() {
	w.t.Helper()
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: w.store.Endpoint})
			r.Out.Host = r.In.Host // it is signed
			w.asked.Add(1)
		},
		ModifyResponse: func(r *http.Response) error {
			if w.lose.Load() && (r.Request.Method == http.MethodPut || r.Request.Method == http.MethodPost) {
				return errors.New("lost")
			}
			return nil
		},
		ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, _ error) {
			c, _, err := rw.(http.Hijacker).Hijack()
			if err == nil {
				_ = c.Close()
			}
		},
	}
	srv := httptest.NewServer(proxy)
	w.t.Cleanup(srv.Close)
	b := w.bucket
	b.Endpoint = strings.TrimPrefix(srv.URL, "http://")
	var err error
	if w.v, err = s3.New(w.t.Context(), config(w.t, w.store, b, w.faults, "/v", w.clock, w.key)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) reopen() {
	w.t.Helper()
	w.disk.PowerCut(nil)
	w.open()
}

// staged is a stage that has everything.
func (w *world) staged(content []byte) vault.Stage {
	w.t.Helper()
	st, err := w.v.Begin(w.t.Context(), ident.New[ident.UploadID](), int64(len(content)), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := st.Append(w.t.Context(), bytes.NewReader(content), nil); err != nil {
		w.t.Fatal(err)
	}
	return st
}

func (w *world) version(d vault.Digest) minio.ObjectInfo {
	w.t.Helper()
	o, err := w.store.Client.StatObject(w.t.Context(), w.bucket.Name, buckettest.Key(w.bucket, d), minio.StatObjectOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

// TestLocked: with the application's own keys, which here are the store's owner's, nothing that lies in the vault can be
// taken away or let go earlier, and what is laid over it changes nothing of what we serve and is found. // G15, M8
func TestLocked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	content := vaulttest.Content(1, 300_000)
	d := vaulttest.Put(t, w.v, content, nil).Digest
	key, version, api := buckettest.Key(w.bucket, d), w.version(d).VersionID, w.store.Client
	if version == "" {
		t.Fatal("no version")
	}
	soon, weaker, strict := time.Now().Add(time.Hour).UTC(), minio.Governance, minio.Compliance
	for what, deed := range map[string]func() error{
		"delete the version": func() error {
			return api.RemoveObject(ctx, w.bucket.Name, key, minio.RemoveObjectOptions{VersionID: version})
		},
		"delete it going round governance": func() error {
			return api.RemoveObject(ctx, w.bucket.Name, key, minio.RemoveObjectOptions{VersionID: version, GovernanceBypass: true})
		},
		"shorten the term": func() error {
			return api.PutObjectRetention(ctx, w.bucket.Name, key, minio.PutObjectRetentionOptions{Mode: &strict, RetainUntilDate: &soon, VersionID: version})
		},
		"weaken the lock": func() error {
			return api.PutObjectRetention(ctx, w.bucket.Name, key, minio.PutObjectRetentionOptions{
				Mode: &weaker, RetainUntilDate: &soon, VersionID: version, GovernanceBypass: true,
			})
		},
		"clear the lock": func() error {
			return api.PutObjectRetention(ctx, w.bucket.Name, key, minio.PutObjectRetentionOptions{VersionID: version, GovernanceBypass: true})
		},
		"stop keeping versions": func() error { return api.SuspendVersioning(ctx, w.bucket.Name) },
		"put where something is": func() error {
			opts := minio.PutObjectOptions{DisableMultipart: true, SendContentMd5: true}
			opts.SetMatchETagExcept("*")
			_, err := api.PutObject(ctx, w.bucket.Name, key, strings.NewReader("x"), 1, opts)
			return err
		},
	} {
		if err := deed(); err == nil {
			t.Errorf("%s: it was let happen", what)
		} else {
			t.Logf("%s: %v", what, err)
		}
	}
	sound := func(v vault.Vault, want int) {
		t.Helper()
		if !bytes.Equal(vaulttest.Get(t, v, d), content) {
			t.Fatal("other bytes are served")
		}
		if _, err := v.Verify(ctx, d); err != nil {
			t.Fatal(err)
		}
		objects, found := 0, 0
		for info, err := range v.Objects(ctx) {
			switch dmg, ok := errors.AsType[*vault.Damage](err); {
			case err == nil:
				objects++
			case ok && dmg.Part == vault.PartVersion && info.Digest == d && dmg.Digest == d:
				found++
			default:
				t.Fatal(err)
			}
		}
		if objects != 1 || found != want {
			t.Fatalf("%d objects, %d findings; want 1 and %d", objects, found, want)
		}
	}
	sound(w.v, 0)
	if _, err := api.PutObject(ctx, w.bucket.Name, key, strings.NewReader("other"), 5, minio.PutObjectOptions{SendContentMd5: true}); err != nil {
		t.Fatal(err)
	}
	sound(w.v, 1)
	w.reopen()
	sound(w.v, 1)
	if err := api.RemoveObject(ctx, w.bucket.Name, key, minio.RemoveObjectOptions{}); err != nil { // a delete marker
		t.Fatal(err)
	}
	w.reopen()
	sound(w.v, 1)
	// The same content once more: the sealed one is found below what lies over it.
	_, existed, err := w.staged(content).Seal(ctx, nil, nil)
	if err != nil || !existed {
		t.Fatalf("existed %t, %v", existed, err)
	}
	sound(w.v, 1)
}

// TestRenewed: what is read again when half of its term is over is locked for a whole term anew, and not before.
func TestRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	d := vaulttest.Put(t, w.v, []byte("abc"), nil).Digest
	until := func() time.Time {
		t.Helper()
		o := w.version(d)
		at, err := time.Parse(time.RFC3339, o.Metadata.Get("X-Amz-Object-Lock-Retain-Until-Date"))
		if err != nil || o.Metadata.Get("X-Amz-Object-Lock-Mode") != "COMPLIANCE" {
			t.Fatal(o.Metadata, err)
		}
		return at
	}
	first := until()
	for _, step := range []struct {
		after time.Duration
		want  time.Duration // beyond the first term
	}{{11 * time.Hour, 0}, {2 * time.Hour, 13 * time.Hour}, {time.Hour, 13 * time.Hour}} {
		w.clock.Add(step.after)
		if _, err := w.v.Verify(ctx, d); err != nil {
			t.Fatal(err)
		}
		if got := until().Sub(first); got < step.want-time.Minute || got > step.want+time.Minute {
			t.Fatalf("%v later the term ends %v later, want %v", step.after, got, step.want)
		}
	}
}

// TestUnprotected: a bucket that does not protect what lies in it is not begun with, and is named by the check. // G15
func TestUnprotected(t *testing.T) {
	t.Parallel()
	store := buckettest.Start(t)
	ctx := t.Context()
	good := store.Bucket(t)
	for name, opts := range map[string]minio.MakeBucketOptions{"plain": {}} {
		if err := store.Client.MakeBucket(ctx, name, opts); err != nil {
			t.Fatal(err)
		}
		bad := good
		bad.Name = name
		cfg := config(t, store, bad, durabletest.NewDisk(64<<20), "/v", clock.NewManual(time.Now()), vault.NewKey())
		_, err := s3.New(ctx, cfg)
		if !fault.HasCode(err, "vault.unprotected") {
			t.Fatalf("%s: got %v", name, err)
		}
		v, err := s3.Inspect(cfg, false)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for dmg, err := range v.Strays(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if dmg.Part == vault.PartLock {
				found++
			}
		}
		if found != 1 {
			t.Fatalf("%s: %d findings", name, found)
		}
	}
	cfg := config(t, store, good, durabletest.NewDisk(64<<20), "/v", clock.NewManual(time.Now()), vault.NewKey())
	cfg.Keys.Secret = "wrong"
	if _, err := s3.New(ctx, cfg); !fault.HasCode(err, "vault.store_refused") || strings.Contains(err.Error(), "wrong") {
		t.Fatalf("wrong keys: %v", err)
	}
	cfg.Keys = store.Keys
	v, err := s3.New(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // as on three days, and three times on the last
		if err := v.Check(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLostAnswers: a put whose answer is lost is neither lost nor done twice. // G2, G9
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	s3.SetParts(w.v, 6<<20, 5<<20)
	for i, size := range []int64{70_000, 12 << 20} {
		content := vaulttest.Content(uint64(i), size)
		st := w.staged(content)
		w.lose.Store(true)
		info, existed, err := st.Seal(ctx, nil, nil)
		w.lose.Store(false)
		if err != nil { // it could not be told: then it is told the next time
			again, resumeErr := w.v.Resume(ctx, st.ID())
			if resumeErr != nil {
				t.Fatal(resumeErr)
			}
			info, existed, err = again.Seal(ctx, nil, nil)
		}
		if err != nil || existed || info.Upload != st.ID() {
			t.Fatalf("size %d: existed %t, upload %s of %s, %v", size, existed, info.Upload, st.ID(), err)
		}
		if !bytes.Equal(vaulttest.Get(t, w.v, info.Digest), content) {
			t.Fatal("other bytes")
		}
		if n := w.store.Objects(t, w.bucket); n != i+1 {
			t.Fatalf("%d versions", n)
		}
	}
	for st, err := range w.v.Stages(ctx) {
		t.Fatalf("a stage is left: %v %v", st, err)
	}
}

// TestKilledBeforeTheStageGoes: the object is in the bucket and its stage on the disk; the next start knows.
func TestKilledBeforeTheStageGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	content := vaulttest.Content(1, 200_000)
	st := w.staged(content)
	w.faults.Plan(errors.New("killed"), func(s durabletest.Step) durabletest.Outcome {
		if s.Op == "remove" {
			return durabletest.Fail
		}
		return durabletest.Pass
	})
	_, _, err := st.Seal(ctx, nil, nil)
	if err == nil {
		t.Fatal("sealed though the stage could not go")
	}
	w.faults.Plan(nil, func(durabletest.Step) durabletest.Outcome { return durabletest.Pass })
	w.reopen()
	if _, err := w.v.Resume(ctx, st.ID()); !fault.HasCode(err, "vault.stage_unknown") {
		t.Fatalf("got %v", err)
	}
	n := 0
	for info, err := range w.v.Objects(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; info.Upload != st.ID() || !bytes.Equal(vaulttest.Get(t, w.v, info.Digest), content) {
			t.Fatal("another object")
		}
	}
	if n != 1 {
		t.Fatalf("%d objects", n)
	}
}

// TestStoreAway: without the store nothing is acknowledged and nothing is lost.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := vaulttest.Content(1, 100_000)
	st := w.staged(content)
	kept := vaulttest.Put(t, w.v, vaulttest.Content(2, 10), nil)
	w.store.Stop(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, _, err := st.Seal(ctx, nil, nil); !fault.HasCode(err, "vault.store_unreachable") {
		t.Fatalf("got %v", err)
	}
	if _, err := w.v.Open(ctx, kept.Digest); !fault.HasCode(err, "vault.store_unreachable") {
		t.Fatalf("got %v", err)
	}
	more := w.staged([]byte("bytes go on arriving"))
	w.store.Run(t)
	for _, st := range []vault.Stage{st, more} {
		if _, existed, err := st.Seal(ctx, nil, nil); err != nil || existed {
			t.Fatalf("existed %t, %v", existed, err)
		}
	}
	if n := w.store.Objects(t, w.bucket); n != 3 {
		t.Fatalf("%d objects", n)
	}
}

// TestFewRequests: reading on is not one request a chunk.
func TestFewRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := vaulttest.Content(1, 16<<20)
	s3.SetParts(w.v, 6<<20, 5<<20)
	d := vaulttest.Put(t, w.v, content, nil).Digest
	before := w.asked.Load()
	if !bytes.Equal(vaulttest.Get(t, w.v, d), content) {
		t.Fatal("other bytes")
	}
	if n := w.asked.Load() - before; n > 12 {
		t.Fatalf("%d requests for 256 chunks", n)
	}
	before = w.asked.Load()
	if _, err := w.v.Verify(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if n := w.asked.Load() - before; n > 4 {
		t.Fatalf("%d requests to verify", n)
	}
}

func TestParseURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]s3.Bucket{
		"s3://evidence/bureau?endpoint=https://s3.example:9000&region=cn-1&retain=400": {
			Endpoint: "s3.example:9000", Secure: true, Region: "cn-1", Name: "evidence", Prefix: "bureau", Retain: 400 * 24 * time.Hour, Path: true,
		},
		"s3://evidence?endpoint=http://127.0.0.1:7070": {
			Endpoint: "127.0.0.1:7070", Region: "us-east-1", Name: "evidence", Retain: s3.DefaultRetain, Path: true,
		},
		"s3://evidence/a/b/?region=eu-west-1": {
			Endpoint: "s3.eu-west-1.amazonaws.com", Secure: true, Region: "eu-west-1", Name: "evidence", Prefix: "a/b", Retain: s3.DefaultRetain,
		},
	} {
		if got, err := s3.ParseURL(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "s3://", "s3:///x", "http://evidence", "s3://AKIA:secret@evidence", "s3://evidence?secret=x", "s3://ev?endpoint=ftp://x", "s3://evidence?retain=0",
		"s3://evidence?retain=x", "s3://evidence/../x", "s3://evidence?endpoint=http://u:p@h", "s3://evidence?region=a&region=b", "s3://EVIDENCE", "s3://evidence/a b",
		"s3://evidence?retain=36501", "s3://evidence#x", "s3://evidence?endpoint=http://h/path",
	} {
		_, err := s3.ParseURL(text)
		if !fault.HasCode(err, "vault.bucket_url") {
			t.Errorf("%q: got %v", text, err)
		} else if strings.Contains(err.Error(), "secret") && text != "s3://evidence?secret=x" {
			t.Errorf("%q: the error shows it: %v", text, err)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	f.Add("s3://evidence/bureau?endpoint=https://s3.example:9000&region=cn-1&retain=400")
	f.Add("s3://a:b@evidence")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := s3.ParseURL(text)
		if err != nil {
			return
		}
		if b.Endpoint == "" || b.Name == "" || strings.Contains(b.String(), "@") || b.Retain < s3.MinRetain {
			t.Fatalf("%q was read as %+v", text, b)
		}
	})
}
