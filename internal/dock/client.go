package dock

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/trace"
)

// maxAnswer bounds every answer that is read whole.
const maxAnswer = 4 << 20

// client speaks docs/formats/dock-api.md. It is safe for concurrent use.
type client struct {
	base  *url.URL
	token string
	http  *http.Client
}

// newClient takes a token as `zhilu token create` prints it; the part after the dot pins the bureau's CA.
func newClient(server, token string) (*client, error) {
	u, err := url.Parse(strings.TrimSuffix(strings.TrimSpace(server), "/"))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fault.New(fault.Invalid, "dock.server_address").At("server")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) { // the token and the footage would cross the network in the open
		return nil, fault.New(fault.Invalid, "dock.plain_off_loopback").At("server")
	}
	secret, pin, _ := strings.Cut(strings.TrimSpace(token), ".")
	if !strings.HasPrefix(secret, "zlt_") {
		return nil, fault.New(fault.Invalid, "dock.token_malformed").At("token-file")
	}
	tr := &http.Transport{
		MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: 15 * time.Second,
		ResponseHeaderTimeout: 5 * time.Minute, Proxy: http.ProxyFromEnvironment,
	}
	if pin != "" {
		want, err := base64.RawURLEncoding.DecodeString(pin)
		if err != nil || len(want) != sha256.Size {
			return nil, fault.New(fault.Invalid, "dock.token_malformed").At("token-file")
		}
		tr.TLSClientConfig = pinned(want)
	}
	c := &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &client{base: u, token: secret, http: c}, nil
}

// pinned accepts the servers whose certificate was issued by the one CA with this digest, which they must send along.
func pinned(want []byte) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection below checks more strictly than the default does
		VerifyConnection: func(cs tls.ConnectionState) error {
			roots, inter := x509.NewCertPool(), x509.NewCertPool()
			found := false
			for _, c := range cs.PeerCertificates {
				if sum := sha256.Sum256(c.Raw); bytes.Equal(sum[:], want) {
					roots.AddCert(c)
					found = true
				} else {
					inter.AddCert(c)
				}
			}
			if !found || len(cs.PeerCertificates) == 0 {
				return fault.New(fault.Forbidden, "dock.server_not_ours")
			}
			if _, err := cs.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: inter, DNSName: cs.ServerName}); err != nil {
				return fault.Wrap(err, fault.Forbidden, "dock.server_not_ours")
			}
			return nil
		},
	}
}

// loopback reports whether only this machine can be meant.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

func (c *client) url(path string) string { return c.base.String() + path }

// resolve turns a Location into an address on our server; one that points elsewhere is refused, so that no answer can
// send a card's bytes or the token to a stranger.
func (c *client) resolve(location string) (string, error) {
	u, err := c.base.Parse(location)
	if err != nil || !strings.HasPrefix(u.Path, c.base.Path+"/upload") {
		return "", fault.New(fault.Forbidden, "dock.server_not_ours")
	}
	u.Scheme, u.Host = c.base.Scheme, c.base.Host
	return u.String(), nil
}

func (c *client) do(req *http.Request) (*http.Response, error) {
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Tus-Resumable", "1.0.0")
	trace.Request(req)
	resp, err := c.http.Do(req)
	if fault.HasCode(err, "dock.server_not_ours") {
		return nil, fault.As(err) // trying again makes a stranger no friend
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "dock.unreachable")
	}
	return resp, nil
}

// json sends in (nil for none) and reads the answer into out (nil for none). status is the HTTP status.
func (c *client) json(ctx context.Context, method, path string, in, out any) (status int, err error) {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(raw)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.url(path), body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := c.do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		return resp.StatusCode, problem(resp)
	}
	if out == nil || resp.StatusCode == http.StatusNoContent {
		return resp.StatusCode, nil
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return resp.StatusCode, fault.Wrap(err, fault.Unavailable, "dock.unreachable")
	}
	if dst, ok := out.(*[]byte); ok {
		*dst = raw
		return resp.StatusCode, nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return resp.StatusCode, fault.Wrap(err, fault.Unavailable, "dock.answer_malformed")
	}
	return resp.StatusCode, nil
}

// problem turns an error answer into a fault that keeps the server's stable code and its words as the cause.
func problem(resp *http.Response) error {
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		raw = nil
	}
	var p struct{ Code, Detail string }
	if json.Unmarshal(raw, &p) != nil || p.Code == "" {
		p.Code, p.Detail = "dock.http_"+strconv.Itoa(resp.StatusCode), strings.TrimSpace(string(raw))
	}
	kind := fault.Unavailable
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		kind = fault.Unauthorized
	case http.StatusForbidden:
		kind = fault.Forbidden
	case http.StatusNotFound, http.StatusGone:
		kind = fault.NotFound
	case http.StatusConflict, 460:
		kind = fault.Conflict
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType:
		kind = fault.Invalid
	case http.StatusRequestEntityTooLarge:
		kind = fault.TooLarge
	case http.StatusInsufficientStorage:
		kind = fault.Exhausted
	case http.StatusTooManyRequests:
		kind = fault.RateLimited
	}
	return fault.Wrap(errors.New(p.Detail), kind, p.Code)
}

// metadata renders tus Upload-Metadata. Keys are ours; values may hold anything.
func metadata(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%s %s", pairs[i], base64.StdEncoding.EncodeToString([]byte(pairs[i+1])))
	}
	return b.String()
}

// create begins an upload and gives its address.
func (c *client) create(ctx context.Context, size int64, meta string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url("/upload"), nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Upload-Length", strconv.FormatInt(size, 10))
	req.Header.Set("Upload-Metadata", meta)
	resp, err := c.do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusCreated {
		return "", problem(resp)
	}
	return c.resolve(resp.Header.Get("Location"))
}

// offset asks how many bytes of an upload are durable.
func (c *client) offset(ctx context.Context, address string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return 0, err
	}
	resp, err := c.do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		return 0, problem(resp)
	}
	n, err := strconv.ParseInt(resp.Header.Get("Upload-Offset"), 10, 64)
	if err != nil {
		return 0, fault.Wrap(err, fault.Unavailable, "dock.answer_malformed")
	}
	return n, nil
}

// patch sends one chunk with its checksum; the file's digest, where there is one, ends the file.
func (c *client) patch(ctx context.Context, address string, offset int64, p piece) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, address, bytes.NewReader(p.bytes))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/offset+octet-stream")
	req.Header.Set("Upload-Offset", strconv.FormatInt(offset, 10))
	req.Header.Set("Upload-Checksum", "sha256 "+base64.StdEncoding.EncodeToString(p.sum[:]))
	if p.whole != "" {
		req.Header.Set("Zhilu-Content-SHA256", p.whole)
	}
	resp, err := c.do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusNoContent {
		return problem(resp)
	}
	return nil
}
