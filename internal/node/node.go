// Package node lets several servers of one bureau share the work behind one address (decision 23). Each enters itself in
// the database and says again and again that it lives; the bytes of an upload under way lie on the disk of the server
// that began it, so a request about one is passed on to that server ([Forwarder]), over TLS and with the sender's own
// credentials, which it judges like any other.
//
// A server that dies keeps its unfinished uploads on its disk. Until it is given up (Gone) their senders are told to try
// again; then that there is no such upload, so that a dock begins anew with another server. When it comes back they go
// on, or are found to be duplicates.
package node

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/db"
	"zhilu.dev/zhilu/internal/fault"
)

// Node is a server (服务器节点).
type Node struct {
	Name    string
	Address string        // host:port for the others, "" if it takes nothing from them
	Silent  time.Duration // since it last said that it lives
	Ended   bool          // it was stopped in order
}

// The times of the registry.
const (
	Every = 2 * time.Second  // between two signs of life
	Fresh = 10 * time.Second // silent for so long, a server does not live
	Gone  = 2 * time.Minute  // silent for so long, it is given up
)

// Lives reports whether the server can be asked.
func (n Node) Lives() bool { return !n.Ended && n.Silent < Fresh }

// Registry is a server's own entry and its view of the others.
type Registry struct {
	db   *db.DB
	log  *slog.Logger
	name string
	run  string
}

// Join enters this server under its name. Another machine that lives under the same name is fault Conflict "node.taken":
// names tell where bytes lie. host is this machine; an entry of its own that was left by a crash is taken over.
func Join(ctx context.Context, d *db.DB, log *slog.Logger, name, host, address string) (*Registry, error) {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	r := &Registry{db: d, log: log, name: name, run: host + "/" + hex.EncodeToString(b[:])}
	row, found, err := one(ctx, d, name)
	if err != nil {
		return nil, err
	}
	if theirs, _, _ := strings.Cut(row.Run, "/"); found && theirs != host && row.node().Lives() {
		return nil, fault.New(fault.Conflict, "node.taken", name, theirs)
	}
	return r, claim(ctx, d, name, r.run, address)
}

// Name is this server's.
func (r *Registry) Name() string { return r.name }

// Run says that this server lives until ctx ends, then that it ended. It fails with "node.taken" when another server took
// the name: two must not go on under one.
func (r *Registry) Run(ctx context.Context, ready func()) error {
	ready()
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), Every)
			defer cancel()
			if _, err := sign(stop, r.db, r.name, r.run, true); err != nil {
				r.log.WarnContext(stop, "this server could not say that it ends", "err", err)
			}
			return nil
		case <-tick.C:
		}
		mine, err := sign(ctx, r.db, r.name, r.run, false)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			r.log.WarnContext(ctx, "this server could not say that it lives", "err", err)
		case !mine:
			return fault.New(fault.Conflict, "node.taken", r.name, "")
		}
	}
}

// Nodes lists all servers by their names.
func (r *Registry) Nodes(ctx context.Context) ([]Node, error) { return all(ctx, r.db) }

// node finds one; one that was never entered is silent for ever.
func (r *Registry) node(ctx context.Context, name string) (Node, error) {
	row, found, err := one(ctx, r.db, name)
	if err != nil || found {
		return row.node(), err
	}
	return Node{Name: name, Silent: Gone}, nil
}
