package authority

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"
	"time"

	"zhilu.dev/zhilu/internal/clock"
)

// TestIssuesAndRenews: a leaf for the asked hosts, verified by the CA, and a fresh one before it runs out.
func TestIssuesAndRenews(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(clock.System().Now())
	keys := t.TempDir()
	made, err := Create(keys, "云溪县司法局", c)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := Load(keys, c)
	if err != nil || ca.Pin() != made.Pin() {
		t.Fatalf("loaded another CA: %v", err)
	}
	if _, err := Create(keys, "again", c); err == nil {
		t.Error("an existing CA was overwritten")
	}
	cfg := ca.TLS([]string{"127.0.0.1"})
	first, err := cfg.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	go func() { _ = srv.Serve(l) }()
	defer func() { _ = srv.Close() }()
	if conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: pool(ca), MinVersion: tls.VersionTLS12}); err != nil {
		t.Errorf("a client that trusts the CA was refused: %v", err)
	} else {
		_ = conn.Close()
	}
	c.Set(first.Leaf.NotAfter.AddDate(0, 0, -renewDays+1))
	second, err := cfg.GetCertificate(nil)
	if err != nil || second.Leaf.SerialNumber.Cmp(first.Leaf.SerialNumber) == 0 {
		t.Errorf("not renewed: %v", err)
	}
}

func pool(ca *CA) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(ca.cert)
	return p
}
