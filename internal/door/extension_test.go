package door_test

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"zhilu.dev/zhilu/internal/ident"
)

func checksums() []sentence {
	patch := func(body string, pairs ...string) call {
		return call{method: "PATCH", h: chunk(2, pairs...), body: body}
	}
	trailing := func(body, sum string) call {
		return call{method: "PATCH", h: chunk(2), body: body, trailer: headers{"Upload-Checksum": sum}}
	}
	return []sentence{
		{section: "Checksum", name: "sha1", at: (*world).open, c: patch("llo", "Upload-Checksum", sha1Of("llo")), status: 204, want: headers{"Upload-Offset": "5"}, then: sealed("hello")},
		{section: "Checksum", name: "sha256", at: (*world).open, c: patch("l", "Upload-Checksum", sha256Of("l")), status: 204, want: headers{"Upload-Offset": "3"}, then: holds("hel")},
		{section: "Checksum", name: "sm3", at: (*world).open, c: patch("l", "Upload-Checksum", sm3Of("l")), status: 204, want: headers{"Upload-Offset": "3"}, then: holds("hel")},
		{section: "Checksum", name: "in a chunked transfer", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Upload-Checksum", sha1Of("l")), body: "l", chunked: true}, status: 204, want: headers{"Upload-Offset": "3"}, then: holds("hel")},
		{section: "Checksum", name: "of nothing", at: (*world).open, c: patch("", "Upload-Checksum", sha1Of("")), status: 204, want: headers{"Upload-Offset": "2"}, then: holds("he")},
		{section: "Checksum", name: "T21 a wrong sha1", at: (*world).open, c: patch("llo", "Upload-Checksum", sha1Of("lol")), status: 460, code: "upload.checksum", then: holds("he")},
		{section: "Checksum", name: "T21 a wrong sha256", at: (*world).open, c: patch("llo", "Upload-Checksum", sha256Of("lol")), status: 460, code: "upload.checksum", then: holds("he")},
		{section: "Checksum", name: "T21 a wrong sm3", at: (*world).open, c: patch("llo", "Upload-Checksum", sm3Of("lol")), status: 460, code: "upload.checksum", then: holds("he")},
		{section: "Checksum", name: "T21 a wrong one in a chunked transfer", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Upload-Checksum", sha1Of("x")), body: "l", chunked: true}, status: 460, code: "upload.checksum", then: holds("he")},
		{section: "Checksum", name: "T21 a wrong one of nothing", at: (*world).open, c: patch("", "Upload-Checksum", sha1Of("x")), status: 460, code: "upload.checksum", then: holds("he")},
		{section: "Checksum", name: "T21 that of the whole file is none of the chunk", at: (*world).open, c: patch("llo", "Upload-Checksum", sha1Of("hello")), status: 460, code: "upload.checksum", then: holds("he")},
		{section: "Checksum", name: "T21 base64 of anything else", at: (*world).open, c: patch("llo", "Upload-Checksum", "sha1 "+b64([]byte("wrong"))), status: 460, code: "upload.checksum", then: holds("he")},
		{section: "Checksum", name: "T21 one algorithm's value under another's name", at: (*world).open, c: patch("llo", "Upload-Checksum", strings.Replace(sha1Of("llo"), "sha1", "sha256", 1)), status: 460, code: "upload.checksum", then: holds("he")},
		{section: "Checksum", name: "an unknown algorithm", at: (*world).open, c: patch("llo", "Upload-Checksum", "crc32 AAAAAA=="), status: 400, code: "upload.checksum_algorithm", then: holds("he")},
		{section: "Checksum", name: "names have no upper case", at: (*world).open, c: patch("llo", "Upload-Checksum", strings.Replace(sha1Of("llo"), "sha1", "SHA1", 1)), status: 400, code: "upload.checksum_algorithm", then: holds("he")},
		{section: "Checksum", name: "no value", at: (*world).open, c: patch("llo", "Upload-Checksum", "sha1"), status: 400, code: "upload.checksum_malformed", then: holds("he")},
		{section: "Checksum", name: "an empty value", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Upload-Checksum", "sha1  "), body: "llo"}, status: 400, code: "upload.checksum_malformed", then: holds("he")},
		{section: "Checksum", name: "a value that is no base64", at: (*world).open, c: patch("llo", "Upload-Checksum", "sha1 %%%%"), status: 400, code: "upload.checksum_malformed", then: holds("he")},
		{section: "Checksum", name: "two", at: (*world).open, c: patch("llo", "Upload-Checksum", sha1Of("llo")+"\n"+sha1Of("x")), status: 400, code: "upload.checksum_malformed", then: holds("he")},
		{section: "Checksum", name: "an unknown algorithm creates nothing", c: call{method: "POST", h: headers{"Upload-Length": "2", "Content-Type": "application/offset+octet-stream", "Upload-Checksum": "md4 AAAA"}, body: "he"}, status: 400, code: "upload.checksum_algorithm"},
		{section: "Checksum", name: "a wrong chunk brings no length", at: (*world).later, c: patch("llo", "Upload-Length", "5", "Upload-Checksum", sha1Of("lol")), status: 460, code: "upload.checksum", then: all(holds("he"), says(headers{"Upload-Defer-Length": "1"}))},
		{section: "Checksum", name: "a right chunk brings it", at: (*world).later, c: patch("llo", "Upload-Length", "5", "Upload-Checksum", sha1Of("llo")), status: 204, want: headers{"Upload-Offset": "5", "Zhilu-Status": "*"}, then: sealed("hello")},
		{section: "Checksum", name: "at a wrong offset", at: (*world).open, c: call{method: "PATCH", h: chunk(0, "Upload-Checksum", sha1Of("he")), body: "he"}, status: 409, code: "upload.offset", then: holds("he")},
		{section: "Checksum", name: "of a partial upload", at: (*world).half, c: patch("llo", "Upload-Checksum", sha1Of("lol")), status: 460, code: "upload.checksum", then: holds("he")},

		{section: "Checksum trailer", name: "sha1", at: (*world).open, c: trailing("llo", sha1Of("llo")), status: 204, want: headers{"Upload-Offset": "5"}, then: sealed("hello")},
		{section: "Checksum trailer", name: "sha256", at: (*world).open, c: trailing("l", sha256Of("l")), status: 204, want: headers{"Upload-Offset": "3"}, then: holds("hel")},
		{section: "Checksum trailer", name: "sm3", at: (*world).open, c: trailing("l", sm3Of("l")), status: 204, want: headers{"Upload-Offset": "3"}, then: holds("hel")},
		{section: "Checksum trailer", name: "T21 a wrong one", at: (*world).open, c: trailing("llo", sha1Of("lol")), status: 460, code: "upload.checksum", then: holds("he")},
		{section: "Checksum trailer", name: "an unknown algorithm", at: (*world).open, c: trailing("llo", "crc32 AAAAAA=="), status: 400, code: "upload.checksum_algorithm", then: holds("he")},
		{section: "Checksum trailer", name: "a value that is no base64", at: (*world).open, c: trailing("llo", "sha1 %"), status: 400, code: "upload.checksum_malformed", then: holds("he")},
		{section: "Checksum trailer", name: "announced and not sent", at: (*world).open, c: trailing("llo", ""), status: 400, code: "upload.checksum_malformed", then: holds("he")},
		{section: "Checksum trailer", name: "and a header, both right", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Upload-Checksum", sha256Of("l")), body: "l", trailer: headers{"Upload-Checksum": sha1Of("l")}}, status: 204, want: headers{"Upload-Offset": "3"}, then: holds("hel")},
		{section: "Checksum trailer", name: "and a header, one wrong", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Upload-Checksum", sha256Of("l")), body: "l", trailer: headers{"Upload-Checksum": sha1Of("x")}}, status: 460, code: "upload.checksum", then: holds("he")},
		{section: "Checksum trailer", name: "T21 of a creation", c: call{method: "POST", h: headers{"Upload-Length": "5", "Content-Type": "application/offset+octet-stream"}, body: "he", trailer: headers{"Upload-Checksum": sha1Of("x")}}, status: 460, code: "upload.checksum", want: headers{"Location": "-"}},
	}
}

func termination() []sentence {
	del := call{method: "DELETE"}
	return []sentence{
		{section: "Termination", name: "of a new one", at: (*world).fresh, c: del, status: 204, want: headers{"Upload-Expires": "-"}, then: isGone},
		{section: "Termination", name: "of an unfinished one", at: (*world).open, c: del, status: 204, then: isGone},
		{section: "Termination", name: "of one whose length is not known", at: (*world).later, c: del, status: 204, then: isGone},
		{section: "Termination", name: "of a completed one ends its address and keeps the evidence", at: (*world).done, c: del, status: 204, want: headers{"Zhilu-Status": "*", "Zhilu-File": "*"}, then: all(isGone, sealed("hello"))},
		{section: "Termination", name: "of a partial one", at: (*world).half, c: del, status: 204, then: isGone},
		{section: "Termination", name: "of a complete partial one", at: func(w *world) string { return w.part("hello") }, c: del, status: 204, then: isGone},
		{section: "Termination", name: "of a final one keeps the evidence", at: func(w *world) string { return w.final(w.part("hel"), w.part("lo")) }, c: del, status: 204, want: headers{"Zhilu-Status": "*"}, then: all(isGone, sealed("hello"))},
		{section: "Termination", name: "twice", at: (*world).dropped, c: del, status: 410, code: "upload.gone"},
		{section: "Termination", name: "HEAD afterwards", at: (*world).dropped, c: call{method: "HEAD"}, status: 410, want: refused},
		{section: "Termination", name: "PATCH afterwards", at: (*world).dropped, c: call{method: "PATCH", h: chunk(2), body: "llo"}, status: 410, code: "upload.gone"},
		{section: "Termination", name: "of nothing", at: path("/upload/" + noID), c: del, status: 404, code: "upload.unknown"},
		{section: "Termination", name: "at the creation address", c: del, status: 405, code: "upload.method", want: headers{"Allow": "OPTIONS, POST"}},
		{section: "Termination", name: "the same bytes can be sent again", at: nil, more: func(w *world) headers { w.dropped(); return nil }, c: call{method: "POST", h: headers{"Upload-Length": "2", "Content-Type": "application/offset+octet-stream"}, body: "he"}, status: 201, want: headers{"Zhilu-Status": "*"}, then: sealed("he")},
	}
}

// join gives the headers that join parts.
func join(parts func(w *world) []string) func(*world) headers {
	return func(w *world) headers { return headers{"Upload-Concat": "final;" + strings.Join(parts(w), " ")} }
}

// joins gives the headers that join "hel" and "lo", each address put through how.
func joins(how func(w *world, path string) string) func(*world) headers {
	return join(func(w *world) []string { return []string{how(w, w.part("hel")), how(w, w.part("lo"))} })
}

func asIs(_ *world, p string) string { return p }

// waiting is a final upload of "hel" and a part that has two of five bytes; the part's address is the second.
func waiting(w *world) (final, part string) {
	part = w.half()
	return w.final(w.part("hel"), part), part
}

func concatenation() []sentence {
	post := call{method: "POST"}
	patch := call{method: "PATCH", h: chunk(2), body: "llo"}
	concat := func(v string) call { return call{method: "POST", h: headers{"Upload-Concat": v, "Upload-Length": "5"}} }
	only := func(v string) call { return call{method: "POST", h: headers{"Upload-Concat": v}} }
	hello := func(w *world) string { return w.final(w.part("hel"), w.part("lo")) }
	waits := func(w *world) string { f, _ := waiting(w); return f }
	stranger := func(w *world) string {
		a := w.do(call{method: "POST", url: "/upload", h: headers{"Authorization": "Bearer b", "Upload-Concat": "partial", "Upload-Length": "0"}})
		return strings.TrimPrefix(a.h.Get("Location"), w.srv.URL)
	}
	with := func(other func(w *world) string) func(*world) headers {
		return join(func(w *world) []string { return []string{w.part("hel"), other(w)} })
	}
	ended := func(w *world) string {
		p := w.part("lo")
		w.do(call{method: "DELETE", url: p})
		return p
	}
	return []sentence{
		{section: "Concatenation", name: "a partial upload", c: concat("partial"), status: 201, want: headers{"Location": "*", "Upload-Expires": "*"}, then: says(headers{"Upload-Concat": "partial", "Upload-Offset": "0", "Upload-Length": "5"})},
		{section: "Concatenation", name: "HEAD of an unfinished part", at: (*world).half, c: call{method: "HEAD"}, status: 200, want: headers{"Upload-Concat": "partial", "Upload-Offset": "2", "Upload-Length": "5"}},
		{section: "Concatenation", name: "HEAD of a complete part", at: func(w *world) string { return w.part("hello") }, c: call{method: "HEAD"}, status: 200, want: headers{"Upload-Concat": "partial", "Upload-Offset": "5", "Upload-Length": "5", "Zhilu-Status": "-"}},
		{section: "Concatenation", name: "a complete part alone is not processed", at: (*world).half, c: patch, status: 204, want: headers{"Upload-Offset": "5", "Zhilu-Status": "-"}, then: all(holds("hello"), noObject)},
		{section: "Concatenation", name: "an empty part", c: call{method: "POST", h: headers{"Upload-Concat": "partial", "Upload-Length": "0"}}, status: 201, want: headers{"Location": "*", "Zhilu-Status": "-"}, then: says(headers{"Upload-Offset": "0", "Upload-Length": "0", "Upload-Concat": "partial"})},
		{section: "Concatenation", name: "a part whose length comes late", c: call{method: "POST", h: headers{"Upload-Concat": "partial", "Upload-Defer-Length": "1"}}, status: 201, want: headers{"Location": "*"}, then: says(headers{"Upload-Concat": "partial", "Upload-Defer-Length": "1"})},
		{section: "Concatenation", name: "a part keeps its metadata", c: call{method: "POST", h: headers{"Upload-Concat": "partial", "Upload-Length": "5", "Upload-Metadata": "a YQ=="}}, status: 201, want: headers{"Location": "*"}, then: says(headers{"Upload-Concat": "partial", "Upload-Metadata": "a YQ=="})},
		{section: "Concatenation", name: "PATCH of a complete part", at: func(w *world) string { return w.part("he") }, c: patch, status: 413, code: "vault.over_size", then: holds("he")},

		{section: "Concatenation", name: "a final upload", c: post, more: joins(asIs), status: 201, want: headers{"Location": "*", "Upload-Offset": "5", "Zhilu-Status": "*"}, then: all(sealed("hello"), says(headers{"Upload-Offset": "5", "Upload-Length": "5", "Zhilu-Status": "*"}))},
		{section: "Concatenation", name: "by absolute addresses", c: post, more: joins(func(w *world, p string) string { return w.srv.URL + p }), status: 201, want: headers{"Location": "*"}, then: sealed("hello")},
		{section: "Concatenation", name: "by addresses without a scheme", c: post, more: joins(func(w *world, p string) string { return strings.TrimPrefix(w.srv.URL, "http:") + p }), status: 201, want: headers{"Location": "*"}, then: sealed("hello")},
		{section: "Concatenation", name: "by addresses relative to that of creation", c: post, more: joins(func(_ *world, p string) string { return strings.TrimPrefix(p, "/") }), status: 201, want: headers{"Location": "*"}, then: sealed("hello")},
		{section: "Concatenation", name: "by ids, at the address with a slash", at: path("/upload/"), c: post, more: joins(func(_ *world, p string) string { return string(idOf(p)) }), status: 201, want: headers{"Location": "*", "Zhilu-Status": "*"}},
		{section: "Concatenation", name: "in the order of the list", c: post, more: join(func(w *world) []string { a, b := w.part("1"), w.part("2"); return []string{b, a} }), status: 201, want: headers{"Location": "*"}, then: sealed("21")},
		{section: "Concatenation", name: "of one part", c: post, more: join(func(w *world) []string { return []string{w.part("alone")} }), status: 201, want: headers{"Location": "*"}, then: sealed("alone")},
		{section: "Concatenation", name: "of a part twice", c: post, more: join(func(w *world) []string { p := w.part("ha"); return []string{p, p} }), status: 201, want: headers{"Location": "*"}, then: sealed("haha")},
		{section: "Concatenation", name: "with an empty part", c: post, more: join(func(w *world) []string { return []string{w.part(""), w.part("x"), w.part("")} }), status: 201, want: headers{"Location": "*"}, then: sealed("x")},
		{section: "Concatenation", name: "of nothing but empty parts", c: post, more: join(func(w *world) []string { return []string{w.part("")} }), status: 201, want: headers{"Location": "*"}, then: sealed("")},
		{section: "Concatenation", name: "parts may be used again", c: post, more: join(func(w *world) []string { a, b := w.part("hel"), w.part("lo"); w.final(a, b); return []string{b, a} }), status: 201, want: headers{"Location": "*"}, then: sealed("lohel")},
		{section: "Concatenation", name: "G11 joined again is a success and no second object", c: post, more: join(func(w *world) []string { a, b := w.part("hel"), w.part("lo"); w.final(a, b); return []string{a, b} }), status: 201, want: headers{"Zhilu-Status": "duplicate"}, then: sealed("hello")},
		{section: "Concatenation", name: "HEAD of a part that was joined", at: func(w *world) string { p := w.part("hello"); w.final(p); return p }, c: call{method: "HEAD"}, status: 200, want: headers{"Upload-Concat": "partial", "Upload-Offset": "5", "Upload-Length": "5", "Zhilu-File": "*"}},
		{section: "Concatenation", name: "the parts' metadata is not transferred", c: post, more: join(func(w *world) []string {
			return []string{w.post(headers{"Upload-Concat": "partial", "Upload-Length": "2", "Upload-Metadata": meta("filename", "part")}, "he")}
		}), status: 201, want: headers{"Location": "*"}, then: all(says(headers{"Upload-Metadata": "-"}), named("?"))},
		{section: "Concatenation", name: "the whole has its own", c: call{method: "POST", h: headers{"Upload-Metadata": meta("filename", "whole.mp4")}}, more: both(joins(asIs), headers{"Upload-Metadata": meta("filename", "whole.mp4")}), status: 201, want: headers{"Location": "*"}, then: all(says(headers{"Upload-Metadata": meta("filename", "whole.mp4")}), named("whole.mp4"))},
		{section: "Concatenation", name: "HEAD says it as it was received", c: post, more: func(w *world) headers {
			return headers{"Upload-Concat": "final; " + w.srv.URL + w.part("hel") + "  " + w.part("lo")}
		}, status: 201, want: headers{"Location": "*"}, then: func(w *world, u string) error {
			got := w.head(u).h.Get("Upload-Concat")
			if !strings.HasPrefix(got, "final; "+w.srv.URL+"/upload/") || !strings.Contains(got, "  /upload/") {
				return fmt.Errorf("it says %q", got)
			}
			return nil
		}},
		{section: "Concatenation", name: "with the whole's digest", c: post, more: both(joins(asIs), headers{"Zhilu-Content-SHA256": hexOf("hello")}), status: 201, want: headers{"Zhilu-Status": "*"}, then: sealed("hello")},
		{section: "Concatenation", name: "T21 the whole's digest is another", c: post, more: both(joins(asIs), headers{"Zhilu-Content-SHA256": hexOf("hullo")}), status: 409, code: "upload.digest_mismatch", want: headers{"Location": "-"}},
		{section: "Concatenation", name: "T21 the same in the metadata", c: post, more: both(joins(asIs), headers{"Upload-Metadata": meta("sha256", hexOf("hullo"))}), status: 409, code: "upload.digest_mismatch", want: headers{"Location": "-"}},
		{section: "Concatenation", name: "a deferred length says nothing of a final one", c: post, more: both(joins(asIs), headers{"Upload-Defer-Length": "1"}), status: 201, want: headers{"Zhilu-Status": "*"}, then: sealed("hello")},

		{section: "Concatenation", name: "PATCH of a final upload", at: hello, c: call{method: "PATCH", h: chunk(5), body: "x"}, status: 403, code: "upload.final", then: sealed("hello")},
		{section: "Concatenation", name: "an empty PATCH of a final upload", at: hello, c: call{method: "PATCH", h: chunk(5)}, status: 403, code: "upload.final", then: sealed("hello")},
		{section: "Concatenation", name: "PATCH of one that is not joined yet", at: waits, c: call{method: "PATCH", h: chunk(0), body: "x"}, status: 403, code: "upload.final", then: says(headers{"Upload-Offset": "-", "Upload-Length": "8"})},
		{section: "Concatenation", name: "a final upload with a length", c: call{method: "POST", h: headers{"Upload-Length": "5"}}, more: both(joins(asIs), headers{"Upload-Length": "5"}), status: 400, code: "upload.length", want: headers{"Location": "-"}},
		{section: "Concatenation", name: "a final upload with bytes", c: call{method: "POST", body: "hello"}, more: both(joins(asIs), headers{"Content-Type": "application/offset+octet-stream"}), status: 403, code: "upload.final", want: headers{"Location": "-"}},

		{section: "Upload-Concat", name: "another word", c: concat("whole"), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "upper case", c: concat("Partial"), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "a list after partial", c: concat("partial;/upload/" + noID), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "final without a list", c: only("final"), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "final with an empty list", c: only("final; "), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "more parts than are joined", c: only("final;" + strings.Repeat(" x", 1001)), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "two", c: concat("partial\nfinal;/upload/" + noID), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "T19 another server", c: post, more: joins(func(_ *world, p string) string { return "http://example.com" + p }), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "T19 another scheme", c: post, more: joins(func(w *world, p string) string { return strings.Replace(w.srv.URL, "http", "file", 1) + p }), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "T19 a way through folders", c: post, more: joins(func(_ *world, p string) string { return "/upload/../upload/" + string(idOf(p)) }), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "T19 a coded way through folders", c: post, more: joins(func(_ *world, p string) string { return "/upload/%2e%2e/" + string(idOf(p)) }), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "T19 a file of the host", c: only("final;/etc/passwd"), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "T19 a file of staging", c: only("final;/upload/../../staging/n1/" + noID + ".part"), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "T19 a backslash", c: only(`final;\upload\` + noID), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "T19 with a query", c: post, more: joins(func(_ *world, p string) string { return p + "?x" }), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "T19 with a user", c: post, more: joins(func(w *world, p string) string { return strings.Replace(w.srv.URL, "//", "//u@", 1) + p }), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "T19 an id in other letters", c: only("final;/upload/" + strings.ToUpper(noID)), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "T19 a part of the web", c: only("final;javascript:alert(1)"), status: 400, code: "upload.concat"},
		{section: "Upload-Concat", name: "a part that does not exist", c: post, more: with(func(*world) string { return "/upload/" + noID }), status: 404, code: "upload.part_unknown", want: headers{"Location": "-"}},
		{section: "Upload-Concat", name: "T20 another's part", c: post, more: with(stranger), status: 404, code: "upload.part_unknown", want: headers{"Location": "-"}},
		{section: "Upload-Concat", name: "a part that was terminated", c: post, more: with(ended), status: 404, code: "upload.part_unknown", want: headers{"Location": "-"}},
		{section: "Upload-Concat", name: "an upload that is no part", c: post, more: with((*world).done), status: 400, code: "upload.part_kind", want: headers{"Location": "-"}},
		{section: "Upload-Concat", name: "a final upload as a part", c: post, more: with(hello), status: 400, code: "upload.part_kind", want: headers{"Location": "-"}},
		{section: "Upload-Concat", name: "the whole's digest with a part", at: (*world).half, c: call{method: "PATCH", h: chunk(2, "Zhilu-Content-SHA256", hexOf("hello")), body: "llo"}, status: 400, code: "upload.partial"},

		{section: "concatenation-unfinished", name: "a part is still in progress", c: post, more: join(func(w *world) []string { return []string{w.part("hel"), w.half()} }), status: 201, want: headers{"Location": "*", "Zhilu-Status": "-", "Upload-Expires": "*"}, then: says(headers{"Upload-Offset": "-", "Upload-Length": "8", "Upload-Concat": "*"})},
		{section: "concatenation-unfinished", name: "the length of a part is not known", c: post, more: join(func(w *world) []string {
			return []string{w.part("hel"), w.post(headers{"Upload-Concat": "partial", "Upload-Defer-Length": "1"}, "lo")}
		}), status: 201, want: headers{"Location": "*"}, then: says(headers{"Upload-Offset": "-", "Upload-Length": "-", "Upload-Defer-Length": "-", "Upload-Concat": "*"})},
		{section: "concatenation-unfinished", name: "the last part joins", at: lastPart, c: patch, status: 204, want: headers{"Upload-Offset": "5"}, then: joined("helhello")},
		{section: "concatenation-unfinished", name: "the last part's length joins", at: lastLength, c: call{method: "PATCH", h: chunk(2, "Upload-Length", "2")}, status: 204, want: headers{"Upload-Offset": "2"}, then: joined("hello?")},
		{section: "concatenation-unfinished", name: "a part that is terminated ends it", at: lastPart, c: call{method: "DELETE"}, status: 204, then: func(w *world, u string) error {
			return isGone(w, waitsFor[idOf(u)])
		}},
		{section: "concatenation-unfinished", name: "it can be terminated itself", at: waits, c: call{method: "DELETE"}, status: 204, then: isGone},
	}
}

// waitsFor remembers which final upload waits for a part. The sentences run one after the other.
var waitsFor = map[ident.UploadID]string{}

func lastPart(w *world) string {
	f, p := waiting(w)
	waitsFor[idOf(p)] = f
	return p
}

func lastLength(w *world) string {
	p := w.post(headers{"Upload-Concat": "partial", "Upload-Defer-Length": "1"}, "o?")
	waitsFor[idOf(p)] = w.final(w.part("hell"), p)
	return p
}

// joined: the final upload that waited for a part is sealed.
func joined(bytes string) func(*world, string) error {
	return func(w *world, u string) error {
		f := waitsFor[idOf(u)]
		n := fmt.Sprint(len(bytes))
		return all(sealed(bytes), says(headers{"Upload-Offset": n, "Upload-Length": n, "Zhilu-Status": "*"}))(w, f)
	}
}

// both adds headers to those that name other uploads.
func both(more func(*world) headers, h headers) func(*world) headers {
	return func(w *world) headers {
		out := more(w)
		for k, v := range h {
			out[k] = v
		}
		return out
	}
}

func hexOf(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) }

// noObject: an upload is no evidence.
func noObject(w *world, u string) error {
	if got, err := w.content(u); err == nil {
		return fmt.Errorf("it became evidence: %q", got)
	}
	return nil
}

// named: the file an upload became is called so.
func named(name string) func(*world, string) error {
	return func(w *world, u string) error {
		up, err := w.intake.Upload(w.t.Context(), idOf(u))
		if err != nil {
			return err
		}
		if up.Name != name {
			return fmt.Errorf("it is called %q", up.Name)
		}
		return nil
	}
}
