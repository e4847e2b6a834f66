// Package authority is the bureau's own certificate authority (decision 22): docks pin it by the token they are given,
// browsers by importing DATA/public/ca.pem once. Its key lies in the keys folder and signs nothing but the servers'
// certificates.
package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/durable"
	"zhilu.dev/zhilu/internal/fault"
)

// KeyFile is the CA's key in the keys folder.
const KeyFile = "ca.key"

const (
	certFile  = "ca.pem"
	years     = 20
	leafDays  = 397 // browsers take no longer-lived ones
	renewDays = 30  // a new one is made when fewer days are left
)

// CA issues the server's certificates.
type CA struct {
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	clock clock.Clock
}

// Create makes the bureau's CA in the keys folder and its public certificate beside it.
func Create(keys, bureau string, c clock.Clock) (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	now := c.Now()
	tmpl := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: bureau + " 执录根证书", Organization: []string{bureau}},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(years, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	for name, block := range map[string]*pem.Block{
		KeyFile: {Type: "PRIVATE KEY", Bytes: raw}, certFile: {Type: "CERTIFICATE", Bytes: der},
	} {
		if err := durable.CreateFile(durable.OS(), filepath.Join(keys, name), pem.EncodeToMemory(block), 0o600); err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
	}
	return Load(keys, c)
}

// Load reads the CA from the keys folder. A missing one is fault NotFound "ca.missing".
func Load(keys string, c clock.Clock) (*CA, error) {
	ca := &CA{clock: c}
	der, err := readPEM(filepath.Join(keys, certFile))
	if err != nil {
		return nil, err
	}
	if ca.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "ca.damaged")
	}
	if der, err = readPEM(filepath.Join(keys, KeyFile)); err != nil {
		return nil, err
	}
	k, err := x509.ParsePKCS8PrivateKey(der)
	key, ok := k.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return nil, fault.Wrap(err, fault.Invalid, "ca.damaged")
	}
	ca.key = key
	return ca, nil
}

func readPEM(path string) ([]byte, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // a path inside the keys folder the operator named
	if err != nil {
		return nil, fault.Wrap(err, fault.NotFound, "ca.missing", path)
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, fault.New(fault.Invalid, "ca.damaged")
	}
	return block.Bytes, nil
}

// Certificate is the CA's own.
func (ca *CA) Certificate() *x509.Certificate { return ca.cert }

// PEM is the public certificate, for browsers to import.
func (ca *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
}

// Pin is what a dock's token carries: the unpadded base64url SHA-256 of the certificate.
func (ca *CA) Pin() string { return pinOf(ca.cert.Raw) }

// PinAt is the pin of a certificate in a file, "" where it cannot be read.
func PinAt(path string) string {
	der, err := readPEM(path)
	if err != nil {
		return ""
	}
	return pinOf(der)
}

func pinOf(der []byte) string {
	sum := sha256.Sum256(der)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// TLS gives a configuration that issues the server's certificate for these hosts and renews it in time.
func (ca *CA) TLS(hosts []string) *tls.Config {
	var mu sync.Mutex
	var leaf *tls.Certificate
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			mu.Lock()
			defer mu.Unlock()
			if leaf == nil || leaf.Leaf.NotAfter.Before(ca.clock.Now().AddDate(0, 0, renewDays)) {
				made, err := ca.issue(hosts)
				if err != nil {
					return nil, err
				}
				leaf = made
			}
			return leaf, nil
		},
	}
}

func (ca *CA) issue(hosts []string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	now := ca.clock.Now()
	tmpl := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: hosts[0]},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(0, 0, leafDays-1),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			tmpl.IPAddresses = append(tmpl.IPAddresses, ip)
		} else {
			tmpl.DNSNames = append(tmpl.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, ca.cert, &key.PublicKey, ca.key)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, ca.cert.Raw}, PrivateKey: key, Leaf: c}, nil
}

// Hosts are the names this machine may be called by: what was asked for, its host name and its addresses.
func Hosts(asked ...string) []string {
	hosts := slices.DeleteFunc(asked, func(h string) bool { return h == "" || h == "0.0.0.0" || h == "::" })
	hosts = append(hosts, "localhost", "127.0.0.1", "::1")
	if n, err := os.Hostname(); err == nil {
		hosts = append(hosts, n)
	}
	if addrs, err := net.InterfaceAddrs(); err == nil {
		for _, a := range addrs {
			if ipn, ok := a.(*net.IPNet); ok && ipn.IP.IsGlobalUnicast() {
				hosts = append(hosts, ipn.IP.String())
			}
		}
	}
	slices.Sort(hosts[min(1, len(hosts)):])
	return slices.Compact(hosts)
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil { // crypto/rand does not fail on the systems we run on
		panic(err)
	}
	return n
}
