// A proxy in front of an API server that does what networks, load balancers and servers do on a
// bad day.
//
//	proxy SERVER CA CERT KEY    speaks for the client certificate to SERVER
//
// Prints one line with its URL and certificate, then answers each line on stdin (struct round) with
// one line: what happened to each request since the one before.  It answers when nothing is under
// way any more, so that a write which was held back has landed by then.
//
// Which request suffers what depends on the seed, its method and path, and how often the round has
// seen them, and so not on the order in which requests arrive.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"time"
)

// What is to come; rates are between 0 and 1.
type round struct {
	Seed  string  `json:"seed"`
	Read  float64 `json:"read"`
	Write float64 `json:"write"`
	Race  float64 `json:"race"` // of writes: another changes the object just before
}

// What happened to a request.
type record struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Dry    bool   `json:"dry,omitempty"`
	Fault  string `json:"fault,omitempty"`
	Status int    `json:"status,omitempty"` // the server's answer; 0: it was not asked
	Told   bool   `json:"told"`             // and the client was told that
	Race   bool   `json:"race,omitempty"`
}

type connKey struct{}

type proxy struct {
	server string
	client *http.Client

	mu      sync.Mutex
	round   round
	seen    map[string]int
	records []record
	busy    sync.WaitGroup
}

// The faults, in equal shares.  The server is asked by those with "done".
var faults = []string{
	"429", "429-wait", "500", "503", "504-html",
	"reset", "cut", "hang", "late",
	"done-500", "done-504", "done-reset", "done-cut", "done-hang", "done-half",
}

func (p *proxy) dice(words ...any) func() float64 {
	sum := sha256.Sum256([]byte(fmt.Sprint(words...)))
	at := 0
	return func() float64 {
		v := binary.BigEndian.Uint64(sum[at:])
		at += 8
		return float64(v>>11) / (1 << 53)
	}
}

// What this request suffers, "" for nothing, and whether another comes first.
func (p *proxy) choose(r *http.Request, writes bool) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := r.Method + " " + r.URL.RequestURI()
	p.seen[key]++
	roll := p.dice(p.round.Seed, " ", key, " ", p.seen[key])
	rate := p.round.Read
	if writes {
		rate = p.round.Write
	}
	fault, race := "", false
	if roll() < rate {
		fault = faults[int(roll()*float64(len(faults)))]
	} else {
		roll()
	}
	if writes && ours(r.URL.Path) {
		race = roll() < p.round.Race
	}
	return fault, race
}

// Objects of the test in its namespace, not of rhumb's own bookkeeping.
func ours(path string) bool {
	_, rest, found := strings.Cut(path, "/namespaces/")
	return found && strings.Contains(rest, "/") && !strings.Contains(path, "/configmaps/rhumb-") &&
		!strings.Contains(path, "/leases/")
}

func (p *proxy) send(method, url string, header http.Header, body []byte) (*http.Response, []byte, error) {
	// Not the client's context: what has been passed on is done, whoever waits for it.
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, p.server+url, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for _, name := range []string{"Accept", "Content-Type", "User-Agent"} {
		if v := header.Get(name); v != "" {
			req.Header.Set(name, v)
		}
	}
	answer, err := p.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer, text, err
}

// Somebody edits the object, or creates it, in the moment before the client's write.
func (p *proxy) intrude(r *http.Request, body []byte) bool {
	header := http.Header{"Content-Type": {"application/merge-patch+json"}, "Accept": {"application/json"}}
	edit := []byte(`{"metadata":{"labels":{"soak":"foreign"}}}`)
	answer, _, err := p.send("PATCH", r.URL.Path+"?fieldManager=kubectl-edit", header, edit)
	if err == nil && answer.StatusCode == http.StatusOK {
		return true
	}
	var object map[string]any
	if err != nil || answer.StatusCode != http.StatusNotFound || json.Unmarshal(body, &object) != nil ||
		r.Header.Get("Content-Type") != "application/apply-patch+yaml" {
		return false
	}
	old, _ := object["metadata"].(map[string]any)
	object["metadata"] = map[string]any{"name": old["name"], "namespace": old["namespace"],
		"labels": map[string]any{"soak": "foreign"}}
	text, _ := json.Marshal(object)
	header.Set("Content-Type", "application/apply-patch+yaml")
	answer, _, err = p.send("PATCH", r.URL.Path+"?fieldManager=somebody", header, text)
	return err == nil && answer.StatusCode/100 == 2
}

func status(w http.ResponseWriter, code int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",`+
		`"message":"injected: %s","reason":"%s","code":%d}`, reason, reason, code)
}

// Ends the stream, or with cut the connection and so every stream on it.
func reset(r *http.Request, cut bool) {
	if conn, ok := r.Context().Value(connKey{}).(*tls.Conn); ok && cut {
		if tcp, ok := conn.NetConn().(*net.TCPConn); ok {
			tcp.SetLinger(0)
			tcp.Close()
		}
	}
	panic(http.ErrAbortHandler)
}

func give(w http.ResponseWriter, answer *http.Response, text []byte) {
	for name, values := range answer.Header {
		if name == "Content-Type" || name == "Warning" || name == "Retry-After" {
			w.Header()[name] = values
		}
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	w.WriteHeader(answer.StatusCode)
}

// Watches have no end to wait for; they pass, or break.
func (p *proxy) watch(w http.ResponseWriter, r *http.Request) {
	req, _ := http.NewRequestWithContext(r.Context(), "GET", p.server+r.URL.RequestURI(), nil)
	req.Header.Set("Accept", r.Header.Get("Accept"))
	answer, err := p.client.Do(req)
	if err != nil {
		reset(r, false)
	}
	defer answer.Body.Close()
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.StatusCode)
	w.(http.Flusher).Flush()
	piece := make([]byte, 64<<10)
	for {
		n, err := answer.Body.Read(piece)
		w.Write(piece[:n])
		w.(http.Flusher).Flush()
		if err != nil {
			return
		}
	}
}

// The answers that need no server; false: it is to be asked.
func refuse(w http.ResponseWriter, r *http.Request, fault string) bool {
	switch fault {
	case "429", "429-wait":
		wait := "0"
		if fault == "429-wait" {
			wait = "1"
		}
		w.Header().Set("Retry-After", wait)
		status(w, 429, "TooManyRequests")
	case "500":
		status(w, 500, "InternalError")
	case "503":
		status(w, 503, "ServiceUnavailable")
	case "504-html":
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(504)
		io.WriteString(w, "<html>injected: gateway timeout</html>")
	case "reset", "cut":
		reset(r, fault == "cut")
	case "hang":
		<-r.Context().Done()
	default:
		return false
	}
	return true
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.busy.Add(1)
	defer p.busy.Done()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // it never was a whole request
	}
	dry := strings.Contains(r.URL.RawQuery, "dryRun=")
	rec := record{Method: r.Method, Path: r.URL.Path, Dry: dry}
	defer func() {
		p.mu.Lock()
		p.records = append(p.records, rec)
		p.mu.Unlock()
	}()
	var race bool
	rec.Fault, race = p.choose(r, r.Method != "GET" && !dry)
	if race {
		rec.Race = p.intrude(r, body)
	}
	if refuse(w, r, rec.Fault) {
		return
	}
	if strings.Contains(r.URL.RawQuery, "watch=") {
		rec.Fault = ""
		p.watch(w, r)
		return
	}
	if rec.Fault == "late" {
		<-r.Context().Done()
	}
	answer, text, err := p.send(r.Method, r.URL.RequestURI(), r.Header, body)
	if err != nil {
		fmt.Fprintln(os.Stderr, "proxy:", err)
		reset(r, false)
	}
	rec.Status = answer.StatusCode
	switch rec.Fault {
	case "":
		rec.Told = r.Context().Err() == nil
		give(w, answer, text)
		w.Write(text)
	case "done-500":
		status(w, 500, "InternalError")
	case "done-504":
		status(w, 504, "Timeout")
	case "done-reset", "done-cut":
		reset(r, rec.Fault == "done-cut")
	case "done-hang":
		<-r.Context().Done()
	case "done-half":
		give(w, answer, text)
		w.Write(text[:len(text)/2])
		w.(http.Flusher).Flush()
		reset(r, false)
	}
}

// Swaps the round when nothing is under way, and returns what happened in the old one.
func (p *proxy) turn(next round) []record {
	p.busy.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.records
	p.round, p.seen, p.records = next, map[string]int{}, []record{}
	return old
}

func upstream(ca, cert, key string) (*http.Client, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:    &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}},
		ForceAttemptHTTP2:  true,
		DisableCompression: true,
	}}, nil
}

func run(args []string) error {
	client, err := upstream(args[1], args[2], args[3])
	if err != nil {
		return err
	}
	p := &proxy{server: args[0], client: client}
	p.turn(round{})
	front := httptest.NewUnstartedServer(p)
	front.EnableHTTP2 = true
	front.Config.ErrorLog = log.New(io.Discard, "", 0)
	front.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	front.StartTLS()
	out := json.NewEncoder(os.Stdout)
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})
	out.Encode(map[string]string{"url": front.URL, "certificate": string(cert)})
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var next round
		if err := json.Unmarshal(in.Bytes(), &next); err != nil {
			return err
		}
		out.Encode(p.turn(next))
	}
	return nil
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: proxy SERVER CA CERT KEY")
		os.Exit(2)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "proxy:", err)
		os.Exit(1)
	}
}
