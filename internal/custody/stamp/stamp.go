// Package stamp has heads of the log stamped by an outside time-stamping authority (时间戳机构, RFC 3161): from then on not even
// somebody with every key of the bureau can say that the log stood otherwise at that time.
package stamp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"

	"zhilu.dev/zhilu/internal/clock"
	"zhilu.dev/zhilu/internal/custody"
	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/job"
)

// Config is what a Service needs.
type Config struct {
	DB     *db.DB
	URL    string         // of the authority; "" for none
	Roots  *x509.CertPool // that its certificate must lead to
	Clock  clock.Clock
	Log    *slog.Logger
	Client *http.Client // nil for one that is bounded in time and follows nobody elsewhere
}

// Service asks for time stamps.
type Service struct{ c Config }

// New makes the service.
func New(c Config) *Service {
	if c.Client == nil {
		c.Client = &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return &Service{c}
}

// ReadRoots reads the certificates of authorities that are trusted: fault Invalid "stamp.roots".
func ReadRoots(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path) //nolint:gosec // the operator's own setting
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "stamp.roots", path).At("tsa-ca")
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fault.New(fault.Invalid, "stamp.roots", path).At("tsa-ca")
	}
	return roots, nil
}

// Bounds of what an authority may answer.
const (
	maxReply = 64 << 10
	farOff   = 10 * time.Minute // its clock from ours
)

// Stamp has the latest head stamped, if it is not yet. What the authority answers is checked before it is kept: that it is
// about this very head and this very asking, signed by a certificate for time stamps that leads to a trusted root, and not
// at another time than ours. Else it is fault Unavailable "stamp.wrong" or "stamp.unreachable", and nothing is kept.
func (s *Service) Stamp(ctx context.Context) error {
	if s.c.URL == "" {
		return nil
	}
	last, err := custody.Latest(ctx, s.c.DB.Reader)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if have, err := newest(ctx, s.c.DB.Reader); err != nil || have != nil && have.Size == last.Size && have.Root == last.Root {
		return err
	}
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return err
	}
	reply, err := s.ask(ctx, []byte(last.Note), nonce)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "stamp.unreachable", s.c.URL)
	}
	at, err := Check(reply, []byte(last.Note), nonce, s.c.Roots)
	if err == nil && s.c.Clock.Now().Sub(at).Abs() > farOff {
		err = fmt.Errorf("stamp: %s says %s, and it is %s here", s.c.URL, at, s.c.Clock.Now())
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "stamp.wrong", s.c.URL)
	}
	return keep(ctx, s.c.DB, &stampRow{Size: last.Size, Root: last.Root, Note: last.Note, Token: reply, TSA: s.c.URL, At: clock.Micros(at)})
}

// ask sends one query.
func (s *Service) ask(ctx context.Context, note []byte, nonce *big.Int) ([]byte, error) {
	query, err := timestamp.CreateRequest(bytes.NewReader(note), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true, Nonce: nonce})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.c.URL, bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	resp, err := s.c.Client.Do(req)
	if err != nil {
		return nil, err
	}
	reply, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	switch err := errors.Join(err, resp.Body.Close()); {
	case err != nil:
		return nil, err
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("stamp: the authority answers %s", resp.Status)
	case len(reply) > maxReply:
		return nil, errors.New("stamp: the authority answers too much")
	}
	return reply, nil
}

// contentOfStamp is id-ct-TSTInfo: what was signed is a time stamp and not something else by the same key.
var contentOfStamp = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}

// Check reads an authority's reply (TimeStampResp, DER) and gives the time it states for the note. nonce is nil where the
// asking is not known any more.
func Check(reply, note []byte, nonce *big.Int, roots *x509.CertPool) (at time.Time, err error) {
	defer func() { // what comes from outside goes through parsers that are not ours
		if p := recover(); p != nil {
			err = fmt.Errorf("stamp: the reply cannot be read: %v", p)
		}
	}()
	ts, err := timestamp.ParseResponse(reply)
	if err != nil {
		return at, fmt.Errorf("stamp: %w", err)
	}
	sum := sha256.Sum256(note)
	switch {
	case ts.HashAlgorithm != crypto.SHA256 || !bytes.Equal(ts.HashedMessage, sum[:]):
		return at, errors.New("stamp: the reply is about something else")
	case nonce != nil && (ts.Nonce == nil || ts.Nonce.Cmp(nonce) != 0):
		return at, errors.New("stamp: the reply is to another asking")
	case len(ts.Certificates) == 0:
		return at, errors.New("stamp: the reply brings no certificate")
	}
	token, err := pkcs7.Parse(ts.RawToken)
	if err != nil {
		return at, fmt.Errorf("stamp: %w", err)
	}
	var content asn1.ObjectIdentifier
	if err := token.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &content); err != nil || !content.Equal(contentOfStamp) || token.GetOnlySigner() == nil {
		return at, errors.New("stamp: what is signed is no time stamp")
	}
	between := x509.NewCertPool()
	for _, c := range ts.Certificates {
		between.AddCert(c)
	}
	err = token.VerifyWithOpts(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: ts.Time, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	if err != nil {
		return at, fmt.Errorf("stamp: %w", err)
	}
	return ts.Time.UTC(), nil
}

// stampArgs tells the job that has the latest head stamped.
type stampArgs struct{}

// Kind names the job.
func (stampArgs) Kind() string { return "custody.stamp" }

// AddWorkers registers the job. One that fails is not tried again before the next is due.
func AddWorkers(w *job.Workers, service func() *Service) {
	job.Add(w, func(ctx context.Context, _ stampArgs) error {
		s := service()
		err := s.Stamp(ctx)
		if fault.HasCode(err, "stamp.unreachable") || fault.HasCode(err, "stamp.wrong") {
			s.c.Log.ErrorContext(ctx, "the log was not stamped", "err", err)
			return nil
		}
		return err
	})
}

// Periodic lists the jobs made by the clock.
func Periodic(url string, every time.Duration) []job.Periodic {
	if url == "" {
		return nil
	}
	return []job.Periodic{{Every: every, RunOnStart: true, Make: func() job.Args { return stampArgs{} }}}
}
