package housetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Client is a tus client that does what the protocol says and nothing clever: one request at a time, a checksum with
// every chunk, and after any failure HEAD and on from there.
type Client struct {
	House *House
	Token string // of a dock, whole
	Chunk int    // bytes a PATCH; 0 means 4 MiB
	Acks  *Acks  // what the server acknowledged goes there; nil for nowhere
	// Pause is how long Send waits after a failure; 0 means 25 ms.
	Pause time.Duration
	// HTTP carries the requests; nil means a connection a request, so that a killed server leaves nothing behind.
	HTTP http.RoundTripper
}

// Answer is what the server said to one request.
type Answer struct {
	Status  int
	Offset  int64  // Upload-Offset; -1 where there is none
	Address string // Location
	Outcome string // Zhilu-Status
	File    string // Zhilu-File
	Record  string // Zhilu-Recording
	Receipt string // Zhilu-Receipt
	Code    string // of the problem
	Detail  string // what the problem tells people
	Do      string // and what it tells them to do
}

// Refused is an answer that is no success.
type Refused struct{ Answer }

func (r *Refused) Error() string { return fmt.Sprintf("%d %s %s", r.Status, r.Code, r.Detail) }

// Do sends one request to an address or a path of the server. Any answer is an Answer; the error is of the line.
func (c *Client) Do(ctx context.Context, method, address string, header map[string]string, body io.Reader) (Answer, error) {
	if strings.HasPrefix(address, "/") {
		address = c.House.URL() + address
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return Answer{}, err
	}
	if l, ok := body.(interface{ Len() int }); ok {
		req.ContentLength = int64(l.Len())
	}
	req.Header.Set("Authorization", "Bearer "+secret(c.Token))
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("Accept-Language", "zh-CN")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	line := c.HTTP
	if line == nil {
		line = &http.Transport{DisableKeepAlives: true}
	}
	resp, err := line.RoundTrip(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{
		Status: resp.StatusCode, Offset: -1, Address: resp.Header.Get("Location"), Outcome: resp.Header.Get("Zhilu-Status"),
		File: resp.Header.Get("Zhilu-File"), Record: resp.Header.Get("Zhilu-Recording"), Receipt: resp.Header.Get("Zhilu-Receipt"),
	}
	if s := resp.Header.Get("Upload-Offset"); s != "" {
		if a.Offset, err = strconv.ParseInt(s, 10, 64); err != nil {
			return a, err
		}
	}
	var problem struct{ Code, Detail, Do string }
	if a.Status >= 300 && json.Unmarshal(raw, &problem) == nil {
		a.Code, a.Detail, a.Do = problem.Code, problem.Detail, problem.Do
	}
	return a, nil
}

// Create begins an upload of a file and gives its address. The length goes ahead and nothing else.
func (c *Client) Create(ctx context.Context, f *File) (Answer, error) {
	meta := "filename " + base64.StdEncoding.EncodeToString([]byte(f.Name)) + ",path " + base64.StdEncoding.EncodeToString([]byte("DCIM/"+f.Name))
	a, err := c.Do(ctx, http.MethodPost, "/upload", map[string]string{
		"Upload-Length": strconv.FormatInt(f.Size, 10), "Upload-Metadata": meta,
	}, nil)
	if err == nil && a.Status == http.StatusCreated {
		c.Acks.created(f, c.Token, a)
	}
	return a, err
}

// Head asks how far an upload is.
func (c *Client) Head(ctx context.Context, address string) (Answer, error) {
	return c.Do(ctx, http.MethodHead, c.here(address), nil, nil)
}

// Patch sends the next n bytes of the file, with their checksum, and with the last ones the whole file's digest.
func (c *Client) Patch(ctx context.Context, f *File, address string, offset int64, n int) (Answer, error) {
	part := make([]byte, min(int64(n), f.Size-offset))
	_, _ = f.ReadAt(part, offset) // never fails inside the file
	sum := sha256.Sum256(part)
	header := map[string]string{
		"Content-Type": "application/offset+octet-stream", "Upload-Offset": strconv.FormatInt(offset, 10),
		"Upload-Checksum": "sha256 " + base64.StdEncoding.EncodeToString(sum[:]),
	}
	if offset+int64(len(part)) == f.Size {
		header["Zhilu-Content-SHA256"] = f.SHA256()
	}
	a, err := c.Do(ctx, http.MethodPatch, c.here(address), header, bytes.NewReader(part))
	if err == nil && a.Status == http.StatusNoContent {
		c.Acks.patched(f, address, c.Token, a)
	}
	return a, err
}

// here is an upload's address at the house the client speaks to, which may be a copy of the one that gave it.
func (c *Client) here(address string) string {
	if at := strings.Index(address, "/upload/"); at >= 0 {
		return address[at:]
	}
	return address
}

// Once sends a file from where it is to its end, and gives up at the first failure: a broken line, or *Refused.
// address is that of an upload begun before, or empty. The answer is the last one.
func (c *Client) Once(ctx context.Context, f *File, address string) (Answer, error) {
	var a Answer
	var err error
	offset := int64(0)
	if address == "" {
		if a, err = c.Create(ctx, f); err != nil {
			return a, err
		}
		if a.Status != http.StatusCreated {
			return a, &Refused{a}
		}
		address = a.Address
	} else {
		if a, err = c.Head(ctx, address); err != nil {
			return a, err
		}
		if a.Status != http.StatusOK {
			return a, &Refused{a}
		}
		offset = a.Offset
	}
	a.Address = address
	if a.Outcome != "" {
		c.Acks.patched(f, address, c.Token, a)
		return a, nil
	}
	chunk := c.Chunk
	if chunk == 0 {
		chunk = 4 << 20
	}
	for {
		next, err := c.Patch(ctx, f, address, offset, chunk)
		next.Address = address
		if err != nil {
			return next, err
		}
		if next.Status != http.StatusNoContent {
			return next, &Refused{next}
		}
		if offset = next.Offset; offset >= f.Size {
			return next, nil
		}
	}
}

// ErrGone says that the server does not know an upload any more that it has acknowledged.
var ErrGone = errors.New("an acknowledged upload is gone")

// Send sends a file to its end however often the line breaks or the server fails, until ctx ends. An acknowledged upload
// that the server no longer knows is ErrGone: that is what never may happen.
func (c *Client) Send(ctx context.Context, f *File) (Answer, error) {
	pause := c.Pause
	if pause == 0 {
		pause = 25 * time.Millisecond
	}
	address := ""
	if u, ok := c.Acks.of(f); ok {
		address = u.Address
	}
	for {
		a, err := c.Once(ctx, f, address)
		if err == nil {
			return a, nil
		}
		if a.Address != "" {
			address = a.Address
		}
		refused, isRefusal := errors.AsType[*Refused](err)
		switch {
		case isRefusal && (refused.Status == http.StatusNotFound || refused.Status == http.StatusGone):
			return a, fmt.Errorf("%w: %s: %w", ErrGone, f.Name, err)
		case isRefusal && refused.Status < 500 && refused.Status != http.StatusConflict && refused.Status != http.StatusLocked:
			return a, err
		case isRefusal && strings.HasSuffix(refused.Code, "digest_mismatch"):
			return a, err
		}
		select {
		case <-ctx.Done():
			return a, errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}
