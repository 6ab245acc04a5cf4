// Command words makes gateway/auth/words/words.flate, the words and leaked passwords with which new passwords are judged.
//
//	go run ./scripts/words
//
// It takes the lists of the npm packages below, of exactly these versions, by the ordinary npm client, and needs to be
// run only to take newer ones. What the file holds is said in gateway/auth/words.go, and where it comes from in
// gateway/auth/words/NOTICE.
package main

import (
	"archive/tar"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

const (
	out     = "gateway/auth/words/words.flate"
	least   = 3  // letters of a word
	longest = 24 // letters of a word
)

// list is one list of a package.
type list struct {
	name string
	most int  // that are taken from its beginning
	flat bool // it is in no order of use
}

var packages = []struct {
	name  string
	lists []list
}{
	{"@zxcvbn-ts/language-common@4.1.3", []list{{"passwords", 50_000, false}}},
	{"@zxcvbn-ts/language-en@4.1.1", []list{{"commonWords", 12_000, false}, {"firstnames", 5_000, true}, {"lastnames", 5_000, false}}},
	{"@zxcvbn-ts/language-de@3.0.2", []list{{"commonWords", 12_000, false}, {"firstnames", 2_000, true}, {"lastnames", 3_000, false}}},
	{"@zxcvbn-ts/language-fr@4.1.2", []list{{"commonWords", 8_000, false}, {"firstnames", 4_000, true}}},
	{"@zxcvbn-ts/language-es-es@4.1.2", []list{{"commonWords", 8_000, false}, {"firstnames", 2_000, false}, {"lastnames", 2_000, false}}},
	{"@zxcvbn-ts/language-it@3.0.2", []list{{"commonWords", 8_000, false}}},
}

func main() {
	log.SetFlags(0)
	classes := make(map[string]int)
	for _, p := range packages {
		files, err := fetch(p.name)
		if err != nil {
			log.Fatalf("fetch %s: %v", p.name, err)
		}
		for _, l := range p.lists {
			if err := take(classes, files[l.name], l); err != nil {
				log.Fatalf("read %s of %s: %v", l.name, p.name, err)
			}
		}
	}
	packed, err := pack(classes)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(out, packed, 0o644); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %d words, %d bytes\n", out, len(classes), len(packed))
}

// fetch gives the lists of an npm package by their names.
func fetch(name string) (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "words")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command("npm", "pack", "--silent", name)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	file, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	packed, err := os.Open(filepath.Join(dir, strings.TrimSpace(string(file))))
	if err != nil {
		return nil, err
	}
	defer packed.Close()
	return untar(packed)
}

func untar(packed io.Reader) (map[string][]byte, error) {
	plain, err := gzip.NewReader(packed)
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	for archive := tar.NewReader(plain); ; {
		h, err := archive.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if name, ok := strings.CutPrefix(h.Name, "package/src/"); ok && strings.HasSuffix(name, ".json") {
			if files[strings.TrimSuffix(name, ".json")], err = io.ReadAll(archive); err != nil {
				return nil, err
			}
		}
	}
}

// take adds a list. A word's class is the number of bits of its rank: that of the list in which it ranks highest.
func take(classes map[string]int, text []byte, l list) error {
	var words []string
	if err := json.Unmarshal(text, &words); err != nil {
		return err
	}
	words = words[:min(len(words), l.most)]
	for i, word := range words {
		class := bits.Len(uint(i + 1))
		if l.flat {
			class = bits.Len(uint(len(words)))
		}
		for _, spelt := range spellings(word) {
			if n := len(spelt); n < least || n > longest {
				continue
			}
			if had, ok := classes[spelt]; !ok || class < had {
				classes[spelt] = class
			}
		}
	}
	return nil
}

var umlauts = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss")

// spellings gives how a word is looked for: in small letters without marks, and as it is typed without umlauts.
func spellings(word string) []string {
	word = strings.ToLower(norm.NFC.String(word))
	all := []string{plain(word)}
	if typed := plain(umlauts.Replace(word)); typed != all[0] {
		all = append(all, typed)
	}
	return slices.DeleteFunc(all, func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
	})
}

func plain(s string) string {
	folded, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		return s
	}
	return strings.ReplaceAll(folded, "ß", "ss")
}

// pack writes one line of sorted words for each class, from 1, and each word as how much it has in common with the one
// before, a letter from A, and the rest.
func pack(classes map[string]int) ([]byte, error) {
	var lines [32][]string
	for word, class := range classes {
		lines[class] = append(lines[class], word)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	for _, words := range lines[1:18] {
		slices.Sort(words)
		before := ""
		for _, word := range words {
			same := 0
			for same < min(len(word), len(before)) && word[same] == before[same] {
				same++
			}
			fmt.Fprintf(w, "%c%s", 'A'+same, word[same:])
			before = word
		}
		fmt.Fprintln(w)
	}
	err = w.Close()
	return packed.Bytes(), err
}
