<?php

/**
 * A block of NukeViet 4 that prints the script of a stats service, and a widget. Tried on 4.5.05.
 *
 * Put both files into themes/<theme>/blocks/ and add the block "global stats_service" in Quản lý giao
 * diện, Quản lý block: once, on all pages; the same in the mobile theme. More blocks of it, with
 * other widgets, print no second script. To remove it, delete the blocks there, then these files:
 * nothing else is kept.
 *
 * @version 1.0.0
 * @license MIT
 */

if (!defined('NV_MAINFILE')) {
    exit('Stop!!!');
}

if (!nv_function_exists('nv_stats_service')) {
    /**
     * Return what a block may show, by its name.
     *
     * @return array<string, string>
     */
    function nv_stats_service_widgets()
    {
        return [
            'none' => 'Không hiện gì, chỉ đếm',
            'visits' => 'Thống kê truy cập',
            'views' => 'Lượt xem bài viết',
            'poll' => 'Bình chọn hiện tại',
            'rating' => 'Đánh giá bài viết',
            'archive' => 'Các cuộc bình chọn trước',
        ];
    }

    /**
     * Return the fields of the block's settings.
     *
     * @param string $module
     * @param array<string, string> $data_block
     * @param array<string, string> $lang_block
     * @return string
     */
    function nv_stats_service_config($module, $data_block, $lang_block)
    {
        $field = function ($label, $input) {
            return '<div class="form-group"><label class="control-label col-sm-6">' . $label . ':</label>'
                . '<div class="col-sm-18">' . $input . '</div></div>';
        };
        $text = function ($name, $hint) use ($data_block) {
            $value = isset($data_block[$name]) ? $data_block[$name] : '';

            return '<input type="text" class="form-control" required name="config_' . $name . '" placeholder="' . $hint
                . '" value="' . nv_stats_service_escape($value) . '">';
        };
        $chosen = isset($data_block['widget']) ? $data_block['widget'] : 'visits';
        $options = '';
        foreach (nv_stats_service_widgets() as $name => $title) {
            $options .= '<option value="' . $name . '"' . ($name === $chosen ? ' selected' : '') . '>' . $title . '</option>';
        }

        return $field('Địa chỉ dịch vụ', $text('address', 'https://dem.example.vn/v1'))
            . $field('Tên ngắn của trang web', $text('site', 'kimson'))
            . $field('Hiện', '<select class="form-control" name="config_widget">' . $options . '</select>');
    }

    /**
     * Take the settings that were sent; what cannot be used is named, and nothing is kept.
     *
     * @param string $module
     * @param array<string, string> $lang_block
     * @return array<string, array<string, string>>
     */
    function nv_stats_service_submit($module, $lang_block)
    {
        global $nv_Request;

        $address = rtrim(trim($nv_Request->get_string('config_address', 'post', '')), '/');
        $site = trim($nv_Request->get_string('config_site', 'post', ''));
        $widget = $nv_Request->get_string('config_widget', 'post', '');
        $faults = [];
        if (!preg_match('~^https?://[^/?#\s"<>]+(/[^?#\s"<>]*)?$~', $address)) {
            $faults[] = 'Địa chỉ dịch vụ không đúng. Hãy ghi như trang “Gắn mã” của dịch vụ: https://dem.example.vn/v1';
        }
        if (!preg_match('/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/', $site)) {
            $faults[] = 'Tên ngắn của trang web chỉ gồm chữ thường, chữ số và dấu gạch nối.';
        }

        return [
            'error' => $faults,
            'config' => [
                'address' => $address,
                'site' => $site,
                'widget' => isset(nv_stats_service_widgets()[$widget]) ? $widget : 'visits',
            ],
        ];
    }

    /**
     * @param string $text
     * @return string
     */
    function nv_stats_service_escape($text)
    {
        return htmlspecialchars($text, ENT_QUOTES, 'UTF-8');
    }

    /**
     * Return under which address NukeViet wants this page to be known, whatever was asked for; empty: the
     * script decides.
     *
     * @return string
     */
    function nv_stats_service_article()
    {
        global $canonicalUrl;

        $url = parse_url(str_replace('&amp;', '&', (string) $canonicalUrl));
        if (empty($url['path'])) {
            return '';
        }

        return '/' . ltrim($url['path'], '/') . (isset($url['query']) ? '?' . $url['query'] : '');
    }

    /**
     * Tell whether the page counts: results of a search do not, nor does what people see who edit.
     *
     * @return bool
     */
    function nv_stats_service_counts()
    {
        global $module_file, $op;

        return $module_file !== 'seek' && $op !== 'search' && !defined('NV_IS_MODADMIN') && !defined('NV_IS_ADMIN');
    }

    /**
     * Return the block: the widget, and once a page the script.
     *
     * @param array<string, string> $block_config
     * @return string
     */
    function nv_stats_service($block_config)
    {
        static $printed = false;

        if (empty($block_config['address']) || empty($block_config['site'])) {
            return '';
        }
        $html = '';
        $widget = isset($block_config['widget']) ? $block_config['widget'] : 'visits';
        if ($widget !== 'none' && isset(nv_stats_service_widgets()[$widget])) {
            $html = '<div data-stats="' . $widget . '">' . nv_stats_service_widgets()[$widget] . '</div>';
        }
        if ($printed) {
            return $html;
        }
        $printed = true;
        $base = nv_stats_service_escape($block_config['address']);
        $site = nv_stats_service_escape($block_config['site']);
        $out = nv_stats_service_counts() ? '' : ' data-opt="out"';
        $article = nv_stats_service_article();
        $named = $article === '' ? '' : ' data-article="' . nv_stats_service_escape($article) . '"';
        $html .= '<script async src="' . $base . '/embed.js" data-site="' . $site . '"' . $named . $out
            . ' data-no-optimize="1" data-no-defer="1" data-noptimize="1" data-cfasync="false" nowprocket></script>';
        if ($out === '') {
            $html .= '<noscript><span hidden><img src="' . $base . '/' . $site . '/dot.gif" alt="" width="1" height="1" loading="lazy"'
                . ' crossorigin="anonymous" referrerpolicy="no-referrer-when-downgrade"></span></noscript>';
        }

        return $html;
    }
}

if (defined('NV_SYSTEM')) {
    $content = nv_stats_service($block_config);
}
