package door_test

import "strings"

// refused are the headers of a refusal, for answers to HEAD, which have no body.
var refused = headers{"Content-Type": "application/problem+json; charset=utf-8", "Upload-Offset": "-"}

var noID = "0198c0de-0000-7000-8000-00000000000a"

func path(p string) func(*world) string { return func(*world) string { return p } }

// extensions are all that are announced.
const extensions = "creation,creation-with-upload,creation-defer-length,checksum,checksum-trailer,expiration,termination," +
	"concatenation,concatenation-unfinished"

func core() []sentence {
	anon := headers{"Tus-Resumable": "", "Authorization": ""}
	opts := headers{
		"Tus-Version": "1.0.0", "Tus-Extension": extensions, "Tus-Checksum-Algorithm": "sha256,sm3,sha1", "Tus-Max-Size": "67108864",
	}
	return []sentence{
		{section: "OPTIONS", name: "says the configuration to anybody", c: call{method: "OPTIONS", h: anon}, status: 204, want: opts},
		{section: "OPTIONS", name: "at an upload's address too", at: (*world).open, c: call{method: "OPTIONS", h: anon}, status: 204, want: opts},
		{section: "OPTIONS", name: "a version in the request is ignored", c: call{method: "OPTIONS", h: headers{"Tus-Resumable": "0.2.2"}}, status: 204, want: opts},
		{section: "OPTIONS", name: "by another method", c: call{method: "POST", h: anon.with("X-HTTP-Method-Override", "OPTIONS")}, status: 204, want: opts},

		{section: "Tus-Resumable", name: "another version of POST", c: call{method: "POST", h: headers{"Tus-Resumable": "0.2.2", "Upload-Length": "5"}}, status: 412, code: "upload.version", want: headers{"Tus-Version": "1.0.0", "Location": "-"}},
		{section: "Tus-Resumable", name: "none of POST", c: call{method: "POST", h: headers{"Tus-Resumable": "", "Upload-Length": "5"}}, status: 412, code: "upload.version", want: headers{"Tus-Version": "1.0.0"}},
		{section: "Tus-Resumable", name: "another version of HEAD", at: (*world).open, c: call{method: "HEAD", h: headers{"Tus-Resumable": "1.0.1"}}, status: 412, want: refused.with("Tus-Version", "1.0.0")},
		{section: "Tus-Resumable", name: "another version of PATCH is not processed", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Tus-Resumable", "2.0.0"), body: "llo"}, status: 412, code: "upload.version", want: headers{"Tus-Version": "1.0.0"}, then: holds("he")},
		{section: "Tus-Resumable", name: "none of PATCH", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Tus-Resumable", ""), body: "llo"}, status: 412, code: "upload.version", want: headers{"Tus-Version": "1.0.0"}, then: holds("he")},
		{section: "Tus-Resumable", name: "another version of DELETE is not processed", at: (*world).open, c: call{method: "DELETE", h: headers{"Tus-Resumable": "1"}}, status: 412, code: "upload.version", want: headers{"Tus-Version": "1.0.0"}, then: holds("he")},
		{section: "Tus-Resumable", name: "two versions", c: call{method: "POST", h: headers{"Tus-Resumable": "1.0.0\n0.2.2", "Upload-Length": "5"}}, status: 412, code: "upload.version", want: headers{"Tus-Version": "1.0.0"}},

		{section: "authorization", name: "nobody, before the version", c: call{method: "POST", h: headers{"Authorization": "", "Tus-Resumable": "", "Upload-Length": "5"}}, status: 401, code: "account.session", want: headers{"WWW-Authenticate": "Bearer", "Tus-Version": "-"}},
		{section: "authorization", name: "nobody at an upload", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Authorization", ""), body: "llo"}, status: 401, code: "account.session", then: holds("he")},
		{section: "authorization", name: "nobody looks", at: (*world).open, c: call{method: "HEAD", h: headers{"Authorization": ""}}, status: 401, want: refused},
		{section: "authorization", name: "T27 a reading token", c: call{method: "POST", h: headers{"Authorization": "Bearer reader", "Upload-Length": "5"}}, status: 403, code: "access.ask_custodian", want: headers{"Location": "-"}},
		{section: "authorization", name: "T20 another's upload does not exist", at: (*world).open, c: call{method: "HEAD", h: headers{"Authorization": "Bearer b"}}, status: 404, want: refused},
		{section: "authorization", name: "T20 another's upload takes nothing", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Authorization", "Bearer b"), body: "llo"}, status: 404, code: "upload.unknown", then: holds("he")},
		{section: "authorization", name: "T20 another's upload is not ended", at: (*world).open, c: call{method: "DELETE", h: headers{"Authorization": "Bearer b"}}, status: 404, code: "upload.unknown", then: holds("he")},

		{section: "Tus-Max-Size", name: "the greatest", c: call{method: "POST", h: headers{"Upload-Length": "67108864"}}, status: 201, want: headers{"Location": "*"}, then: says(headers{"Upload-Length": "67108864"})},
		{section: "Tus-Max-Size", name: "one more", c: call{method: "POST", h: headers{"Upload-Length": "67108865"}}, status: 413, code: "upload.too_large", want: headers{"Location": "-"}},
		{section: "Tus-Max-Size", name: "more than any number", c: call{method: "POST", h: headers{"Upload-Length": "99999999999999999999999"}}, status: 413, code: "upload.too_large"},
		{section: "Tus-Max-Size", name: "declared late", at: (*world).later, c: call{method: "PATCH", h: chunk(2, "Upload-Length", "67108865")}, status: 413, code: "upload.too_large", then: holds("he")},
		{section: "Tus-Max-Size", name: "of a partial upload", c: call{method: "POST", h: headers{"Upload-Length": "67108865", "Upload-Concat": "partial"}}, status: 413, code: "upload.too_large"},

		{section: "X-HTTP-Method-Override", name: "PATCH", at: (*world).open, c: call{method: "POST", h: chunk(2, "X-HTTP-Method-Override", "PATCH"), body: "llo"}, status: 204, want: headers{"Upload-Offset": "5"}, then: sealed("hello")},
		{section: "X-HTTP-Method-Override", name: "DELETE", at: (*world).open, c: call{method: "POST", h: headers{"X-HTTP-Method-Override": "DELETE"}}, status: 204, then: isGone},
		{section: "X-HTTP-Method-Override", name: "HEAD", at: (*world).open, c: call{method: "POST", h: headers{"X-HTTP-Method-Override": "HEAD"}}, status: 200, want: headers{"Upload-Offset": "2", "Upload-Length": "5"}},
		{section: "X-HTTP-Method-Override", name: "the actual method is ignored", at: (*world).open, c: call{method: "PUT", h: chunk(2, "X-HTTP-Method-Override", "PATCH"), body: "llo"}, status: 204, want: headers{"Upload-Offset": "5"}, then: sealed("hello")},
		{section: "X-HTTP-Method-Override", name: "even if it is one of ours", at: (*world).open, c: call{method: "DELETE", h: chunk(2, "X-HTTP-Method-Override", "PATCH"), body: "l"}, status: 204, want: headers{"Upload-Offset": "3"}, then: holds("hel")},
		{section: "X-HTTP-Method-Override", name: "a method that is none", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "X-HTTP-Method-Override", "FETCH"), body: "llo"}, status: 405, code: "upload.method", then: holds("he")},

		{section: "HEAD", name: "offset zero", at: (*world).fresh, c: call{method: "HEAD"}, status: 200, want: headers{"Upload-Offset": "0", "Upload-Length": "5", "Upload-Defer-Length": "-", "Upload-Concat": "-"}},
		{section: "HEAD", name: "in between", at: (*world).open, c: call{method: "HEAD"}, status: 200, want: headers{"Upload-Offset": "2", "Upload-Length": "5", "Upload-Metadata": "-"}},
		{section: "HEAD", name: "completed", at: (*world).done, c: call{method: "HEAD"}, status: 200, want: headers{"Upload-Offset": "5", "Upload-Length": "5", "Zhilu-Status": "*", "Upload-Expires": "-"}},
		{section: "HEAD", name: "of nothing, completed", at: func(w *world) string { return w.create(0) }, c: call{method: "HEAD"}, status: 200, want: headers{"Upload-Offset": "0", "Upload-Length": "0", "Zhilu-Status": "*"}},
		{section: "HEAD", name: "is never cached", at: (*world).open, c: call{method: "HEAD"}, status: 200, want: headers{"Cache-Control": "no-store", "Upload-Offset": "2"}},
		{section: "HEAD", name: "nothing there", at: path("/upload/" + noID), c: call{method: "HEAD"}, status: 404, want: refused.with("Cache-Control", "no-store")},
		{section: "HEAD", name: "T19 no address of ours", at: path("/upload/..%2f..%2fetc%2fpasswd"), c: call{method: "HEAD"}, status: 404, want: refused},
		{section: "HEAD", name: "T19 an id in other letters", at: func(w *world) string { return "/upload/" + strings.ToUpper(string(idOf(w.open()))) + "x" }, c: call{method: "HEAD"}, status: 404, want: refused},
		{section: "HEAD", name: "T19 more after the id", at: func(w *world) string { return w.open() + "/x" }, c: call{method: "HEAD"}, status: 404, want: refused},
		{section: "HEAD", name: "at the creation address", c: call{method: "HEAD"}, status: 405, want: refused.with("Allow", "OPTIONS, POST")},

		{section: "PATCH", name: "the rest", at: (*world).open, c: call{method: "PATCH", h: chunk(2), body: "llo"}, status: 204, want: headers{"Upload-Offset": "5", "Zhilu-Status": "*", "Zhilu-Receipt": "*"}, then: sealed("hello")},
		{section: "PATCH", name: "a piece", at: (*world).open, c: call{method: "PATCH", h: chunk(2), body: "l"}, status: 204, want: headers{"Upload-Offset": "3", "Zhilu-Status": "-"}, then: holds("hel")},
		{section: "PATCH", name: "in a chunked transfer", at: (*world).open, c: call{method: "PATCH", h: chunk(2), body: "ll", chunked: true}, status: 204, want: headers{"Upload-Offset": "4"}, then: holds("hell")},
		{section: "PATCH", name: "nothing", at: (*world).open, c: call{method: "PATCH", h: chunk(2)}, status: 204, want: headers{"Upload-Offset": "2"}, then: holds("he")},
		{section: "PATCH", name: "another content type", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Content-Type", "application/octet-stream"), body: "llo"}, status: 415, code: "upload.content_type", then: holds("he")},
		{section: "PATCH", name: "no content type", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Content-Type", ""), body: "llo"}, status: 415, code: "upload.content_type", then: holds("he")},
		{section: "PATCH", name: "a content type with a parameter", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Content-Type", "application/offset+octet-stream; charset=utf-8"), body: "l"}, status: 204, want: headers{"Upload-Offset": "3"}, then: holds("hel")},
		{section: "PATCH", name: "an offset before", at: (*world).open, c: call{method: "PATCH", h: chunk(0), body: "he"}, status: 409, code: "upload.offset", then: holds("he")},
		{section: "PATCH", name: "an offset behind", at: (*world).open, c: call{method: "PATCH", h: chunk(4), body: "o"}, status: 409, code: "upload.offset", then: holds("he")},
		{section: "PATCH", name: "an offset behind the end", at: (*world).open, c: call{method: "PATCH", h: chunk(99), body: "o"}, status: 409, code: "upload.offset", then: holds("he")},
		{section: "PATCH", name: "nothing at a wrong offset", at: (*world).open, c: call{method: "PATCH", h: chunk(3)}, status: 409, code: "upload.offset", then: holds("he")},
		{section: "PATCH", name: "too much", at: (*world).open, c: call{method: "PATCH", h: chunk(2), body: "llo!"}, status: 413, code: "vault.over_size", then: holds("he")},
		{section: "PATCH", name: "too much in a chunked transfer", at: (*world).open, c: call{method: "PATCH", h: chunk(2), body: "llo!", chunked: true}, status: 413, code: "vault.over_size", then: holds("he")},
		{section: "PATCH", name: "nothing there", at: path("/upload/" + noID), c: call{method: "PATCH", h: chunk(0), body: "x"}, status: 404, code: "upload.unknown"},
		{section: "PATCH", name: "no address of ours", at: path("/upload/none"), c: call{method: "PATCH", h: chunk(0), body: "x"}, status: 404, code: "upload.unknown"},
		{section: "PATCH", name: "nothing at the end of a completed one", at: (*world).done, c: call{method: "PATCH", h: chunk(5)}, status: 204, want: headers{"Upload-Offset": "5", "Zhilu-Status": "*"}, then: sealed("hello")},
		{section: "PATCH", name: "more at the end of a completed one", at: (*world).done, c: call{method: "PATCH", h: chunk(5), body: "!"}, status: 413, code: "vault.over_size", then: sealed("hello")},
		{section: "PATCH", name: "a completed one again", at: (*world).done, c: call{method: "PATCH", h: chunk(0), body: "hello"}, status: 409, code: "upload.offset", then: sealed("hello")},
		{section: "PATCH", name: "at the creation address", c: call{method: "PATCH", h: chunk(0), body: "x"}, status: 405, code: "upload.method", want: headers{"Allow": "OPTIONS, POST"}},
		{section: "PATCH", name: "the whole file's digest is another", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Zhilu-Content-SHA256", strings.Repeat("ab", 32)), body: "llo"}, status: 409, code: "upload.digest_mismatch", then: isFailed},
		{section: "PATCH", name: "the whole file's digest is none", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Zhilu-Content-SHA256", "abc"), body: "llo"}, status: 400, code: "upload.digest_malformed"},

		{section: "Upload-Offset", name: "none", at: (*world).open, c: call{method: "PATCH", h: chunk(0, "Upload-Offset", ""), body: "llo"}, status: 400, code: "upload.offset_malformed", then: holds("he")},
		{section: "Upload-Offset", name: "negative", at: (*world).open, c: call{method: "PATCH", h: chunk(-1), body: "llo"}, status: 400, code: "upload.offset_malformed", then: holds("he")},
		{section: "Upload-Offset", name: "with a sign", at: (*world).open, c: call{method: "PATCH", h: chunk(0, "Upload-Offset", "+2"), body: "llo"}, status: 400, code: "upload.offset_malformed", then: holds("he")},
		{section: "Upload-Offset", name: "no number", at: (*world).open, c: call{method: "PATCH", h: chunk(0, "Upload-Offset", "two"), body: "llo"}, status: 400, code: "upload.offset_malformed", then: holds("he")},
		{section: "Upload-Offset", name: "no integer", at: (*world).open, c: call{method: "PATCH", h: chunk(0, "Upload-Offset", "2.0"), body: "llo"}, status: 400, code: "upload.offset_malformed", then: holds("he")},
		{section: "Upload-Offset", name: "greater than any", at: (*world).open, c: call{method: "PATCH", h: chunk(0, "Upload-Offset", "99999999999999999999"), body: "llo"}, status: 409, code: "upload.offset", then: holds("he")},
		{section: "Upload-Offset", name: "two", at: (*world).open, c: call{method: "PATCH", h: chunk(0, "Upload-Offset", "2\n0"), body: "llo"}, status: 400, code: "upload.offset_malformed", then: holds("he")},

		{section: "Core Protocol", name: "T20 footage is never served", at: (*world).done, c: call{method: "GET"}, status: 405, code: "upload.method", want: headers{"Allow": "OPTIONS, HEAD, PATCH, DELETE"}},
		{section: "Core Protocol", name: "T20 nor what is not finished", at: (*world).open, c: call{method: "GET"}, status: 405, code: "upload.method"},
		{section: "Core Protocol", name: "PUT", at: (*world).open, c: call{method: "PUT", h: chunk(2), body: "llo"}, status: 405, code: "upload.method", then: holds("he")},
		{section: "Core Protocol", name: "POST to an upload", at: (*world).open, c: call{method: "POST", h: headers{"Upload-Length": "5"}}, status: 405, code: "upload.method", then: holds("he")},
	}
}

// isFailed: the bytes were not what their sender said; the upload has ended and nothing became of it.
func isFailed(w *world, u string) error {
	if _, err := w.content(u); err == nil {
		return errString("it became evidence")
	}
	return sentence{at: path(u), c: call{method: "HEAD"}, status: 410, want: refused}.judge(w, w.srv)
}

type errString string

func (e errString) Error() string { return string(e) }

func creation() []sentence {
	post := func(h headers) call { return call{method: "POST", h: h} }
	odd := "a YQ==, b-c_D.9 w6k=,empty,empty2 ,x " + b64([]byte("\x00\r\nSet-Cookie: x"))
	return []sentence{
		{section: "Creation", name: "an empty request", c: post(headers{"Upload-Length": "5"}), status: 201, want: headers{"Location": "*", "Upload-Expires": "*"}, then: says(headers{"Upload-Offset": "0", "Upload-Length": "5"})},
		{section: "Creation", name: "at the address with a slash", at: path("/upload/"), c: post(headers{"Upload-Length": "5"}), status: 201, want: headers{"Location": "*"}},
		{section: "Creation", name: "of nothing is finished at once", c: post(headers{"Upload-Length": "0"}), status: 201, want: headers{"Location": "*", "Zhilu-Status": "*", "Upload-Expires": "-"}, then: sealed("")},
		{section: "Creation", name: "G11 of nothing again", c: post(headers{"Upload-Length": "0"}), status: 201, want: headers{"Zhilu-Status": "duplicate"}, then: sealed("")},
		{section: "Creation", name: "no length", c: post(nil), status: 400, code: "upload.length", want: headers{"Location": "-"}},
		{section: "Creation", name: "both lengths", c: post(headers{"Upload-Length": "5", "Upload-Defer-Length": "1"}), status: 400, code: "upload.length"},

		{section: "Upload-Length", name: "negative", c: post(headers{"Upload-Length": "-1"}), status: 400, code: "upload.length"},
		{section: "Upload-Length", name: "no number", c: post(headers{"Upload-Length": "many"}), status: 400, code: "upload.length"},
		{section: "Upload-Length", name: "no integer", c: post(headers{"Upload-Length": "5.5"}), status: 400, code: "upload.length"},
		{section: "Upload-Length", name: "with a sign", c: post(headers{"Upload-Length": "+5"}), status: 400, code: "upload.length"},
		{section: "Upload-Length", name: "in another base", c: post(headers{"Upload-Length": "0x5"}), status: 400, code: "upload.length"},
		{section: "Upload-Length", name: "two", c: post(headers{"Upload-Length": "5\n6"}), status: 400, code: "upload.length"},

		{section: "Upload-Defer-Length", name: "one", c: post(headers{"Upload-Defer-Length": "1"}), status: 201, want: headers{"Location": "*"}, then: says(headers{"Upload-Offset": "0", "Upload-Defer-Length": "1", "Upload-Length": "-"})},
		{section: "Upload-Defer-Length", name: "two", c: post(headers{"Upload-Defer-Length": "2"}), status: 400, code: "upload.length"},
		{section: "Upload-Defer-Length", name: "zero", c: post(headers{"Upload-Defer-Length": "0"}), status: 400, code: "upload.length"},
		{section: "Upload-Defer-Length", name: "a word", c: post(headers{"Upload-Defer-Length": "true"}), status: 400, code: "upload.length"},
		{section: "Upload-Defer-Length", name: "is said as long as the length is not known", at: (*world).later, c: call{method: "HEAD"}, status: 200, want: headers{"Upload-Offset": "2", "Upload-Defer-Length": "1", "Upload-Length": "-"}},
		{section: "Upload-Defer-Length", name: "bytes may come before the length", at: (*world).later, c: call{method: "PATCH", h: chunk(2), body: "l"}, status: 204, want: headers{"Upload-Offset": "3"}, then: all(holds("hel"), says(headers{"Upload-Defer-Length": "1"}))},
		{section: "Upload-Defer-Length", name: "the length comes with a chunk", at: (*world).later, c: call{method: "PATCH", h: chunk(2, "Upload-Length", "5"), body: "l"}, status: 204, want: headers{"Upload-Offset": "3"}, then: says(headers{"Upload-Length": "5", "Upload-Defer-Length": "-"})},
		{section: "Upload-Defer-Length", name: "the length comes with the last chunk", at: (*world).later, c: call{method: "PATCH", h: chunk(2, "Upload-Length", "5"), body: "llo"}, status: 204, want: headers{"Upload-Offset": "5", "Zhilu-Status": "*"}, then: sealed("hello")},
		{section: "Upload-Defer-Length", name: "the length comes alone", at: (*world).later, c: call{method: "PATCH", h: chunk(2, "Upload-Length", "2")}, status: 204, want: headers{"Upload-Offset": "2", "Zhilu-Status": "*"}, then: sealed("he")},
		{section: "Upload-Defer-Length", name: "a length below the offset", at: (*world).later, c: call{method: "PATCH", h: chunk(2, "Upload-Length", "1")}, status: 400, code: "upload.length", then: all(holds("he"), says(headers{"Upload-Defer-Length": "1"}))},
		{section: "Upload-Defer-Length", name: "a length that is none", at: (*world).later, c: call{method: "PATCH", h: chunk(2, "Upload-Length", "-5"), body: "l"}, status: 400, code: "upload.length", then: holds("he")},
		{section: "Upload-Defer-Length", name: "a chunk longer than the length it brings", at: (*world).later, c: call{method: "PATCH", h: chunk(2, "Upload-Length", "3"), body: "llo"}, status: 413, code: "vault.over_size", then: all(holds("he"), says(headers{"Upload-Defer-Length": "1"}))},
		{section: "Upload-Defer-Length", name: "the same in a chunked transfer", at: (*world).later, c: call{method: "PATCH", h: chunk(2, "Upload-Length", "3"), body: "llo", chunked: true}, status: 413, code: "vault.over_size", then: all(holds("he"), says(headers{"Upload-Defer-Length": "1"}))},
		{section: "Upload-Defer-Length", name: "once set the length is not changed", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Upload-Length", "6"), body: "l"}, status: 400, code: "upload.length_fixed", then: all(holds("he"), says(headers{"Upload-Length": "5"}))},
		{section: "Upload-Defer-Length", name: "the same length again is no change", at: (*world).open, c: call{method: "PATCH", h: chunk(2, "Upload-Length", "5"), body: "l"}, status: 204, want: headers{"Upload-Offset": "3"}, then: holds("hel")},
		{section: "Upload-Defer-Length", name: "nor is that of a completed one", at: (*world).done, c: call{method: "PATCH", h: chunk(5, "Upload-Length", "6")}, status: 400, code: "upload.length_fixed", then: sealed("hello")},

		{section: "Upload-Metadata", name: "comes back word for word", c: post(headers{"Upload-Length": "5", "Upload-Metadata": odd}), status: 201, want: headers{"Location": "*"}, then: says(headers{"Upload-Metadata": odd})},
		{section: "Upload-Metadata", name: "also of a completed one", c: post(headers{"Upload-Length": "0", "Upload-Metadata": odd}), status: 201, want: headers{"Location": "*"}, then: says(headers{"Upload-Metadata": odd})},
		{section: "Upload-Metadata", name: "in two lines", c: post(headers{"Upload-Length": "5", "Upload-Metadata": "a YQ==\nb Yg=="}), status: 201, want: headers{"Location": "*"}, then: says(headers{"Upload-Metadata": "a YQ==,b Yg=="})},
		{section: "Upload-Metadata", name: "none", c: post(headers{"Upload-Length": "5"}), status: 201, want: headers{"Location": "*"}, then: says(headers{"Upload-Metadata": "-"})},
		{section: "Upload-Metadata", name: "a key without a value", c: post(headers{"Upload-Length": "5", "Upload-Metadata": "is_confidential"}), status: 201, want: headers{"Location": "*"}, then: says(headers{"Upload-Metadata": "is_confidential"})},
		{section: "Upload-Metadata", name: "a key in Chinese", c: post(headers{"Upload-Length": "5", "Upload-Metadata": "文件名 YQ=="}), status: 201, want: headers{"Location": "*"}, then: says(headers{"Upload-Metadata": "文件名 YQ=="})},
		{section: "Upload-Metadata", name: "a value that is no base64", c: post(headers{"Upload-Length": "5", "Upload-Metadata": "filename §§"}), status: 400, code: "upload.metadata"},
		{section: "Upload-Metadata", name: "a value without its padding", c: post(headers{"Upload-Length": "5", "Upload-Metadata": "a YQ"}), status: 400, code: "upload.metadata"},
		{section: "Upload-Metadata", name: "a key twice", c: post(headers{"Upload-Length": "5", "Upload-Metadata": "a YQ==,a Yg=="}), status: 400, code: "upload.metadata"},
		{section: "Upload-Metadata", name: "a key twice in two lines", c: post(headers{"Upload-Length": "5", "Upload-Metadata": "a YQ==\na YQ=="}), status: 400, code: "upload.metadata"},
		{section: "Upload-Metadata", name: "an empty key", c: post(headers{"Upload-Length": "5", "Upload-Metadata": "a YQ==,,b Yg=="}), status: 400, code: "upload.metadata"},
		{section: "Upload-Metadata", name: "a key with a space", c: post(headers{"Upload-Length": "5", "Upload-Metadata": "a key YQ=="}), status: 400, code: "upload.metadata"},
		{section: "Upload-Metadata", name: "two spaces", c: post(headers{"Upload-Length": "5", "Upload-Metadata": "a  YQ=="}), status: 400, code: "upload.metadata"},
		{section: "Upload-Metadata", name: "no UTF-8", c: post(headers{"Upload-Length": "5", "Upload-Metadata": "a\xff YQ=="}), status: 400, code: "upload.metadata"},
		{section: "Upload-Metadata", name: "more than can be kept", c: post(headers{"Upload-Length": "5", "Upload-Metadata": "a " + strings.Repeat("YWFh", 5000)}), status: 400, code: "upload.metadata"},
		{section: "Upload-Metadata", name: "a card that is none", c: post(headers{"Upload-Length": "5", "Upload-Metadata": meta("card", "../x")}), status: 400, code: "upload.card_malformed"},
		{section: "Upload-Metadata", name: "a digest that is none", c: post(headers{"Upload-Length": "5", "Upload-Metadata": meta("sha256", "abc")}), status: 400, code: "upload.digest_malformed"},
	}
}

func withUpload() []sentence {
	post := func(length string, body string, pairs ...string) call {
		return call{method: "POST", h: headers{"Upload-Length": length, "Content-Type": "application/offset+octet-stream"}.with(pairs...), body: body}
	}
	chunked := func(c call) call { c.chunked = true; return c }
	return []sentence{
		{section: "Creation With Upload", name: "the first bytes", c: post("5", "he"), status: 201, want: headers{"Location": "*", "Upload-Offset": "2", "Upload-Expires": "*"}, then: holds("he")},
		{section: "Creation With Upload", name: "all", c: post("5", "hello"), status: 201, want: headers{"Location": "*", "Upload-Offset": "5", "Zhilu-Status": "*", "Upload-Expires": "-"}, then: sealed("hello")},
		{section: "Creation With Upload", name: "in a chunked transfer", c: chunked(post("5", "hel")), status: 201, want: headers{"Upload-Offset": "3"}, then: holds("hel")},
		{section: "Creation With Upload", name: "of a length not known yet", c: post("", "he", "Upload-Defer-Length", "1"), status: 201, want: headers{"Upload-Offset": "2"}, then: all(holds("he"), says(headers{"Upload-Defer-Length": "1"}))},
		{section: "Creation With Upload", name: "of a partial upload", c: post("5", "he", "Upload-Concat", "partial"), status: 201, want: headers{"Upload-Offset": "2"}, then: holds("he")},
		{section: "Creation With Upload", name: "another content type", c: post("5", "hello", "Content-Type", "text/plain"), status: 415, code: "upload.content_type", want: headers{"Location": "-"}},
		{section: "Creation With Upload", name: "no content type", c: post("5", "hello", "Content-Type", ""), status: 415, code: "upload.content_type", want: headers{"Location": "-"}},
		{section: "Creation With Upload", name: "more than its length", c: post("5", "hello!"), status: 413, code: "vault.over_size", want: headers{"Location": "-"}},
		{section: "Creation With Upload", name: "more than its length in a chunked transfer", c: chunked(post("5", "hello!")), status: 413, code: "vault.over_size", want: headers{"Location": "-"}},
		{section: "Creation With Upload", name: "a right checksum", c: post("5", "he", "Upload-Checksum", sha1Of("he")), status: 201, want: headers{"Upload-Offset": "2"}, then: holds("he")},
		{section: "Creation With Upload", name: "T21 a wrong checksum", c: post("5", "he", "Upload-Checksum", sha1Of("hi")), status: 460, code: "upload.checksum", want: headers{"Location": "-", "Upload-Expires": "-"}},
		{section: "Creation With Upload", name: "the whole file's digest is another", c: post("5", "hello", "Upload-Metadata", meta("sha256", strings.Repeat("ab", 32))), status: 409, code: "upload.digest_mismatch", want: headers{"Location": "-"}},
	}
}

func expiration() []sentence {
	const seven = "Tue, 01 Dec 2026 01:00:00 GMT" // after the moment at which these worlds stand still
	kept := headers{"Upload-Expires": seven}
	return []sentence{
		{section: "Expiration", name: "known at the creation", c: call{method: "POST", h: headers{"Upload-Length": "5"}}, status: 201, want: kept},
		{section: "Expiration", name: "in every answer to PATCH", at: (*world).open, c: call{method: "PATCH", h: chunk(2), body: "l"}, status: 204, want: kept},
		{section: "Expiration", name: "in that of one that is refused", at: (*world).open, c: call{method: "PATCH", h: chunk(4), body: "l"}, status: 409, code: "upload.offset", want: kept},
		{section: "Expiration", name: "in that to HEAD", at: (*world).open, c: call{method: "HEAD"}, status: 200, want: kept},
		{section: "Expiration", name: "of a partial upload", at: func(w *world) string { return w.part("hello") }, c: call{method: "HEAD"}, status: 200, want: kept},
		{section: "Expiration", name: "a finished one does not expire", at: (*world).open, c: call{method: "PATCH", h: chunk(2), body: "llo"}, status: 204, want: headers{"Upload-Expires": "-", "Zhilu-Status": "*"}, then: says(headers{"Upload-Expires": "-"})},
	}
}
