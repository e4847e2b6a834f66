// Package web is the pages: it puts the areas together, one folder each, over what every page stands on (site).
package web

import (
	"net/http"

	"zhilu.dev/zhilu/internal/web/asset"
	"zhilu.dev/zhilu/internal/web/site"
)

// Mount adds the pages' routes and their assets to mux.
func Mount(mux *http.ServeMux, s *site.Site, routes []site.Route) {
	mux.Handle(asset.Prefix, asset.Handler())
	for _, rt := range routes {
		mux.Handle(rt.Method+" "+pattern(rt.Path), s.Handler(rt))
	}
	mux.Handle("/", s.Handler(site.NotFound()))
}

// pattern keeps the front page from matching everything.
func pattern(path string) string {
	if path == "/" {
		return "/{$}"
	}
	return path
}
