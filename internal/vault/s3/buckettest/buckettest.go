// Package buckettest starts an S3 store for a test: versitygw over a folder, with versions and Object Lock, as it would be
// started for real. It is built by `make`, see tools/versitygw.
package buckettest

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
	"zhilu.dev/zhilu/internal/vault/s3"
)

// Store is a running store. Its owner's hands are Client, and Root, where the bytes lie.
type Store struct {
	Endpoint string // host:port
	Keys     s3.AccessKeys
	Client   *minio.Client
	Root     string

	args []string
	bin  string
	cmd  *exec.Cmd
}

const patience = time.Minute

// Start starts a store that lives as long as the test. Without the program the test is skipped, or fails if
// ZHILU_REQUIRE_TOOLS is set.
func Start(t testing.TB) *Store {
	t.Helper()
	s := &Store{bin: program(t), Keys: s3.AccessKeys{ID: "zhilu", Secret: secret()}}
	dir := t.TempDir()
	s.Root = filepath.Join(dir, "data")
	versions := filepath.Join(dir, "versions")
	for _, d := range []string{s.Root, versions} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Endpoint = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s.args = []string{"--quiet", "--port", s.Endpoint, "posix", "--versioning-dir", versions, s.Root}
	s.Client, err = minio.New(s.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(s.Keys.ID, s.Keys.Secret, ""), Region: "us-east-1", BucketLookup: minio.BucketLookupPath, MaxRetries: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop(t) })
	s.Run(t)
	return s
}

// Run starts the program again after Stop.
func (s *Store) Run(t testing.TB) {
	t.Helper()
	s.cmd = exec.Command(s.bin, s.args...)
	s.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.Keys.ID, "ROOT_SECRET_KEY="+s.Keys.Secret)
	out, err := os.CreateTemp(t.TempDir(), "versitygw")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	s.cmd.Stdout, s.cmd.Stderr = out, out
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); ; <-time.After(10 * time.Millisecond) {
		if _, err = s.Client.ListBuckets(t.Context()); err == nil {
			return
		}
		if time.Now().After(end) {
			said, _ := os.ReadFile(out.Name())
			t.Fatalf("versitygw does not answer: %v\n%s", err, said)
		}
	}
}

// Stop ends the program, as a power cut would.
func (s *Store) Stop(testing.TB) {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// Bucket makes a bucket with versions and Object Lock.
func (s *Store) Bucket(t testing.TB) s3.Bucket {
	t.Helper()
	b := s3.Bucket{
		Endpoint: s.Endpoint, Region: "us-east-1", Name: "b" + secret()[:12], Prefix: "evidence", Retain: s3.MinRetain, Path: true,
	}
	if err := s.Client.MakeBucket(t.Context(), b.Name, minio.MakeBucketOptions{ObjectLocking: true}); err != nil {
		t.Fatal(err)
	}
	return b
}

// URL is a bucket as a setting.
func URL(b s3.Bucket) string {
	return "s3://" + b.Name + "/" + b.Prefix + "?endpoint=http://" + b.Endpoint + "&region=" + b.Region +
		"&retain=" + strconv.Itoa(int(b.Retain/(24*time.Hour)))
}

// Path is the file that holds an object in the store's folder.
func (s *Store) Path(b s3.Bucket, d vault.Digest) string {
	return filepath.Join(s.Root, b.Name, filepath.FromSlash(Key(b, d)))
}

// Key is an object's name in its bucket.
func Key(b s3.Bucket, d vault.Digest) string {
	name := localdir.ObjectName(d)
	if b.Prefix != "" {
		name = b.Prefix + "/" + name
	}
	return name
}

// Objects counts what lies among the objects of a bucket, every version of it.
func (s *Store) Objects(t testing.TB, b s3.Bucket) int {
	t.Helper()
	n := 0
	for o := range s.Client.ListObjectsIter(context.WithoutCancel(t.Context()), b.Name, minio.ListObjectsOptions{
		Prefix: b.Prefix + "/objects/", Recursive: true, WithVersions: true,
	}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		n++
	}
	return n
}

func secret() string {
	var b [16]byte
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return hex.EncodeToString(b[:])
}

// program finds versitygw: in .cache/bin of this repository, where make puts it, or on the path.
func program(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		name := filepath.Join(dir, ".cache", "bin", "versitygw")
		if _, err := os.Stat(name); err == nil {
			return name
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	if name, err := exec.LookPath("versitygw"); err == nil {
		return name
	}
	if os.Getenv("ZHILU_REQUIRE_TOOLS") != "" {
		t.Fatal("versitygw is missing; run: make .cache/bin/versitygw")
	}
	t.Skip("versitygw is missing; run: make .cache/bin/versitygw")
	return ""
}
