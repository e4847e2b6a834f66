package witness

import (
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"zhilu.dev/zhilu/internal/clock"
)

// maxBody is far above any honest request.
const maxBody = 64 << 10

// Server answers add-checkpoint. There is one over a folder: see Folder.Lock.
type Server struct {
	folder *Folder
	clock  clock.Clock
	log    *slog.Logger
	mux    *http.ServeMux

	mu sync.Mutex // comparing with the last head and keeping the next is one step
}

// NewServer makes the server.
func NewServer(f *Folder, c clock.Clock, log *slog.Logger) *Server {
	s := &Server{folder: f, clock: c, log: log, mux: http.NewServeMux()}
	s.mux.HandleFunc("POST /add-checkpoint", s.add)
	s.mux.HandleFunc("GET /", s.show)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	s.mux.ServeHTTP(w, r)
}

// show says who the witness is.
func (s *Server) show(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, s.folder.key.Verifier()+"\n")
}

// add signs a checkpoint if it goes on from the last one that was signed. What is signed is durable before it is answered.
func (s *Server) add(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	q, err := parseRequest(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	origin, ok := originOf(q.note)
	if !ok {
		http.Error(w, "not a checkpoint", http.StatusBadRequest)
		return
	}
	keys, err := s.folder.keysOf(origin)
	switch {
	case err != nil:
		s.fail(w, r, err)
		return
	case len(keys) == 0:
		http.Error(w, "unknown log", http.StatusNotFound)
		return
	}
	text, ok := open(q.note, keys)
	if !ok {
		http.Error(w, "no signature of a key that is known here", http.StatusForbidden)
		return
	}
	next, ok := parseHead(text)
	if !ok || next.origin != origin || q.old > next.size {
		http.Error(w, "not a checkpoint, or smaller than the old size", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decide(w, r, q, next, text)
}

// decide compares with what was signed last.
func (s *Server) decide(w http.ResponseWriter, r *http.Request, q *request, next head, text string) {
	have, err := s.folder.Head(next.origin)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	conflict := func(why string) {
		s.log.WarnContext(r.Context(), "a log asked for what contradicts the head that was signed last", "why", why, "log", next.origin, "signed", have.Size, "old", q.old, "asked", next.size)
		w.Header().Set("Content-Type", "text/x.tlog.size")
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, strconv.FormatInt(have.Size, 10)+"\n")
	}
	root := base64.StdEncoding.EncodeToString(next.root[:])
	switch {
	case q.old != have.Size:
		conflict("another old size")
		return
	case have.Size == next.size && have.Size > 0 && have.Root != root:
		conflict("two histories of one size")
		return
	case have.Size == 0 || have.Size == next.size:
		if len(q.proof) > 0 {
			http.Error(w, "there is nothing to prove", http.StatusUnprocessableEntity)
			return
		}
	default:
		old, err := have.rootHash()
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if err := tlog.CheckTree(q.proof, next.size, next.root, have.Size, old); err != nil {
			s.log.WarnContext(r.Context(), "a log did not prove that it goes on from what was signed", "log", next.origin, "signed", have.Size, "asked", next.size)
			http.Error(w, "the proof does not hold", http.StatusUnprocessableEntity)
			return
		}
	}
	now := s.clock.Now().UTC().Truncate(time.Second)
	have.Size, have.Root, have.Checkpoint, have.At = next.size, root, string(q.note), now
	if err := s.folder.keep(have); err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, s.folder.key.Sign(text, now))
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.log.ErrorContext(r.Context(), "the witness could not decide", "err", err)
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}
