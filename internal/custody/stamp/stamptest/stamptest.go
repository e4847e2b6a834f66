// Package stamptest is a time-stamping authority for tests: openssl ts behind a small HTTP server.
package stamptest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
)

// config is openssl's, for a root, a certificate for time stamps and the authority itself.
const config = `
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[stamps]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
[tsa]
serial = $ENV::DIR/serial
signer_cert = $ENV::DIR/tsa.pem
signer_key = $ENV::DIR/tsa.key
certs = $ENV::DIR/ca.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`

// Authority is a time-stamping authority. Its folder holds ca.pem, the root that its certificate leads to.
type Authority struct {
	Dir string
	// Change may change a reply before it is sent; nil for none.
	Change func(reply []byte) []byte
}

// New makes the authority's keys in a folder. usage is "stamps", or "server" for a certificate that is not for time stamps.
func New(dir, usage string) (*Authority, error) {
	a := &Authority{Dir: dir}
	if err := os.WriteFile(filepath.Join(dir, "openssl.cnf"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "serial"), []byte("01\n"), 0o600); err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj", "/CN=Test root", "-config", "openssl.cnf", "-extensions", "root", "-keyout", "ca.key", "-out", "ca.pem"},
		{"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Test authority", "-config", "openssl.cnf", "-keyout", "tsa.key", "-out", "tsa.csr"},
		{"x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650", "-extfile", "openssl.cnf", "-extensions", usage, "-out", "tsa.pem"},
	} {
		if err := a.openssl(args...); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *Authority) openssl(args ...string) error {
	c := exec.Command("openssl", args...)
	c.Dir, c.Env = a.Dir, append(os.Environ(), "DIR="+a.Dir)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("openssl %s: %w: %s", args[0], err, bytes.TrimSpace(out))
	}
	return nil
}

// Reply answers a query as openssl does.
func (a *Authority) Reply(query []byte) ([]byte, error) {
	in, out := filepath.Join(a.Dir, "query"), filepath.Join(a.Dir, "reply")
	if err := os.WriteFile(in, query, 0o600); err != nil {
		return nil, err
	}
	if err := a.openssl("ts", "-reply", "-config", "openssl.cnf", "-section", "tsa", "-queryfile", in, "-out", out); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// ServeHTTP answers queries, one at a time.
func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := io.ReadAll(r.Body)
	if err == nil && r.Header.Get("Content-Type") != "application/timestamp-query" {
		err = errors.New("not a query")
	}
	var reply []byte
	if err == nil {
		reply, err = a.Reply(query)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if a.Change != nil {
		reply = a.Change(reply)
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(reply)
}
